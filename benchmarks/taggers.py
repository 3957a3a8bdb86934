"""Networks that tag, beside NLTK's perceptron of the very same text, on three tests; and whether two directions help to
classify a whole text. `--make FOLDER` trains all anew into a folder (an hour and a half on one core), `--ship` copies
them from there to `models/`.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from machine import machine

from lstm_core.storage import files
from lstm_core.storage.files import read_json, write_bytes, write_json
from lstm_core.tagging import classify, tag
from lstm_core.tagging.kept import keep_all
from lstm_core.tagging.label_run import (
    LabelRun,
    label_runs,
    new_label_run,
    predicted,
    ship_label_run,
    train_label_run,
)
from lstm_core.tagging.reports import keep_classifier_results, made_tagger
from lstm_core.tagging.settings import SHIPPED_TAGGERS
from lstm_core.tagging.texts import genre_texts, tagging_texts
from lstm_core.text.tags import shipped_tagger

BROWN = "the Brown corpus (non-commercial use)"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def make(folder: Path) -> None:
    """Train what ships into a folder, or go on where that stopped; then the figures of all kinds of classifiers."""
    texts = tagging_texts()
    for name, (config, training) in SHIPPED_TAGGERS.items():
        made_tagger(name, config, training, texts, parent=folder / "taggers", say=say)
    parts = genre_texts()
    for name, config in classify.SHIPPED_CLASSIFIERS.items():
        run = new_label_run(folder / "classifiers", name, config, classify.TRAINING, parts["train"], BROWN)
        for found in train_label_run(run, parts["train"], parts["development"]):
            say(f"{name}: {found}")
        keep_classifier_results(run, parts["test"])
    path = folder / "classifiers" / classify.FIGURES
    if not path.is_file():
        for figures in classify.compare_poolings(parts, BROWN):
            say(classify.table(figures))
        write_json(path, asdict(figures))


def ship(folder: Path) -> None:
    """Copy what `make` made to the program's own."""
    for kind in ("taggers", "classifiers"):
        for path in sorted((folder / kind).glob("*/config.json")):
            ship_label_run(LabelRun(path.parent), kind)  # type: ignore[arg-type]
    write_bytes(
        files.SHIPPED / "classifiers" / classify.FIGURES, (folder / "classifiers" / classify.FIGURES).read_bytes()
    )
    keep_all(tagging_texts())


def accuracies() -> dict[str, Any]:
    """Shares of right tags, of all words and of those not seen, of every tagger that ships and of the perceptron."""
    texts = tagging_texts()
    shipped_tagger()
    found = {"perceptron": {key: asdict(share) for key, share in tag.measure_perceptron(texts).items()}}
    for run in label_runs("taggers"):
        if run.shipped:
            shares = tag.measure(run.network(), run.known, texts)
            found[run.name] = {key: asdict(share) for key, share in shares.items()}
    return found


def speeds() -> dict[str, float]:
    """Tokens a second on MASC's held-out files, the best of three readings, of every tagger and of the perceptron."""
    given, perceptron, found = tagging_texts()["masc"], shipped_tagger(), {}
    readers: dict[str, Callable[[], object]] = {"perceptron": lambda: [perceptron.tag(text) for text in given.texts]}
    for run in label_runs("taggers"):
        network, known = run.network(), run.known
        readers[run.name] = lambda network=network, known=known: predicted(network, known, given)
    for name, read in readers.items():
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            read()
            seconds.append(time.perf_counter() - began)
        found[name] = len(given.labels) / min(seconds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make", type=Path)
    parser.add_argument("--ship", type=Path)
    given = parser.parse_args()
    if given.make:
        make(given.make)
    if given.ship:
        ship(given.ship)
    if given.make:
        return
    found = accuracies()
    pairs = {run.name: [asdict(one) for one in tag.following(run)] for run in label_runs("taggers") if run.shipped}
    result = {"machine": machine(), "accuracy": found, "following": pairs, "tokens_per_second": speeds()}
    result["poolings"] = read_json(files.SHIPPED / "classifiers" / classify.FIGURES)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
