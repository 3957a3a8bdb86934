"""Networks that tag, beside NLTK's perceptron of the very same text, on three tests; and whether two directions help to
classify a whole text. `python -m tools.taggers` makes them.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from machine import machine

from lstm_core.tagging import classify, tag
from lstm_core.tagging.label_run import label_runs, predicted
from lstm_core.tagging.words import tagging_texts
from lstm_core.text.tags import shipped_tagger


def accuracies() -> dict[str, Any]:
    """Shares of right tags, of all words and of those not seen, of every tagger that ships and of the perceptron."""
    texts = tagging_texts()
    shipped_tagger()
    found = {"perceptron": {key: asdict(share) for key, share in tag.measure(texts, tag.perceptron_tags).items()}}
    for run in label_runs("taggers"):
        if run.shipped:
            shares = tag.measure(texts, partial(predicted, run.network(), run.known))
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
    parser.parse_args()
    found = accuracies()
    pairs = {run.name: [asdict(one) for one in tag.following(run)] for run in label_runs("taggers") if run.shipped}
    result = {"machine": machine(), "accuracy": found, "following": pairs, "tokens_per_second": speeds()}
    result["poolings"] = asdict(classify.read_figures())
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
