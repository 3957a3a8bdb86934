"""Trains the tagger that ships, and measures it beside NLTK's own: `python -m tools.perceptron`.

The same corpus gives the same file, bit for bit. Knows tagged texts and the tagger; knows no recordings.
"""

import argparse
import json
import lzma
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstm_core.storage.files import data_folder, read_json, sha256_of, write_bytes, write_json
from lstm_core.text.gold_tags import SPLIT_SEED, Sentence, read_ewt, read_masc, read_treebank, scored
from lstm_core.text.tags import RESULTS, TAGGER, WEIGHTS, new_tagger, read_tagger

if TYPE_CHECKING:
    from lstm_core.text.tags import PerceptronTagger

MAX_PASSES = 8
MAX_BYTES = 1_000_000
ORDER_SEED = 4
NLTK_OWN = "nltk_data/taggers/averaged_perceptron_tagger_eng/averaged_perceptron_tagger_eng"


@dataclass(frozen=True)
class Packing:
    """How weights are made small: those below `threshold` are left out, the others rounded to multiples of `step`."""

    threshold: float
    step: float


PACKINGS = (Packing(0.0, 0.001), Packing(0.1, 0.05), Packing(0.2, 0.1), Packing(0.5, 0.25), Packing(1.0, 0.25))


def passes(sentences: list[Sentence], count: int, seed: int) -> Iterator["PerceptronTagger"]:
    """The tagger after each of `count` passes over the sentences, with averaged weights.

    The last is what NLTK's `train(sentences, nr_iter=count)` makes when its shuffling is seeded with `seed`.
    """
    learner = new_tagger()
    learner.model.average_weights = lambda: None  # train() would end the learning with it after every pass
    order, shuffled = list(sentences), random.Random(seed)
    for _ in range(count):
        learner.train(order, nr_iter=1)
        shuffled.shuffle(order)
        yield _averaged(learner)


def _averaged(learner: "PerceptronTagger") -> "PerceptronTagger":
    found = new_tagger()
    weights = {feature: dict(by_class) for feature, by_class in learner.model.weights.items()}
    found.decode_json_params((weights, learner.tagdict, learner.classes))
    found.model.i, found.model._totals, found.model._tstamps = (
        learner.model.i,
        learner.model._totals,
        learner.model._tstamps,
    )
    found.model.average_weights()
    return found


def packed(tagger: "PerceptronTagger", packing: Packing) -> bytes:
    """A tagger as a file that `tags.read_tagger` reads: xz over JSON.

    `classes` lists the tags, `tagdict` gives the code of words that are always tagged alike, `weights` has for each of
    `features` a row code, number, code, number ...; a weight is its number times `step`.
    """
    classes = sorted(tagger.classes)
    codes = {name: code for code, name in enumerate(classes)}
    rows = {}
    for feature, by_class in sorted(tagger.model.weights.items()):
        row = []
        for name, weight in sorted(by_class.items()):
            if abs(weight) >= packing.threshold and (number := round(weight / packing.step)):
                row += [codes[name], number]
        if row:
            rows[feature] = row
    document = {
        "classes": classes,
        "step": packing.step,
        "tagdict": {word: codes[tag] for word, tag in sorted(tagger.tagdict.items())},
        "features": list(rows),
        "weights": list(rows.values()),
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)


def accuracy(tagger: "PerceptronTagger", sentences: list[Sentence]) -> float:
    """Share of tokens, in [0, 1], whose tag is the gold one; those with a tag outside the Penn set are not counted."""
    right = total = 0
    for sentence in sentences:
        found = tagger.tag([word for word, _ in sentence])
        for (_, tag), (_, gold) in zip(found, sentence, strict=True):
            right += tag == gold
            total += scored(gold)
    return right / total


def nltk_own_tagger() -> "PerceptronTagger":
    """The tagger with the weights that NLTK offers for download, from their three JSON files below `$LSTM_DATA`."""
    parts = [Path(data_folder() or ".") / f"{NLTK_OWN}.{part}.json" for part in ("weights", "tagdict", "classes")]
    tagger = new_tagger()
    tagger.decode_json_params([read_json(part) for part in parts])
    return tagger


def train(folder: Path, *, most: int = MAX_PASSES, say: Callable[[str], object] = print) -> None:
    """Train on MASC, choose on its development split, write weights and results to `folder`.

    First the number of passes is chosen, by the weights as they were learned, then the packing: the most accurate of
    those below MAX_BYTES, the smaller of two that are equal. Raises ValueError where a corpus is not at hand. Takes
    about ten minutes.
    """
    split, treebank, ewt, own = read_masc(), read_treebank(), read_ewt(), nltk_own_tagger()
    by_pass: list[float] = []
    for tagger in passes(split.train, most, ORDER_SEED):
        by_pass.append(accuracy(tagger, split.development))
        say(f"pass {len(by_pass)}: development {by_pass[-1]:.4f}")
        if by_pass[-1] == max(by_pass):
            chosen = tagger
    weights, attempt = folder / WEIGHTS, folder / f".{WEIGHTS}.part"
    packings: list[dict[str, Any]] = []
    best: dict[str, Any] = {"development": 0.0}
    for packing in PACKINGS:
        write_bytes(attempt, packed(chosen, packing))
        size, found = attempt.stat().st_size, accuracy(read_tagger(attempt), split.development)
        packings.append({**asdict(packing), "bytes": size, "development": found})
        say(f"{packing}: {size:,} bytes, development {found:.4f}")
        if size <= MAX_BYTES and (found, -size) > (best["development"], -best.get("bytes", 0)):
            best = packings[-1]
            attempt.replace(weights)
    attempt.unlink(missing_ok=True)
    shipped, learned = read_tagger(weights), max(by_pass)
    write_json(
        folder / RESULTS,
        {
            "weights_sha256": sha256_of(weights),
            "trained_on": {
                "corpus": "MASC",
                "files": split.files,
                "tokens": {part: sum(map(len, getattr(split, part))) for part in split.files},
                "files_left_out": len(split.left_out),
                "sentences_dropped": split.dropped,
                "seeds": {"split": SPLIT_SEED, "order": ORDER_SEED},
            },
            "development_by_pass": by_pass,
            "passes": by_pass.index(learned) + 1,
            "development_by_packing": packings,
            "packing": best,
            "lost_by_packing": learned - best["development"],
            "accuracy": {
                key: measured(title, sentences, shipped, own)
                for key, title, sentences in (
                    ("masc", "MASC, held-out files", split.test),
                    ("treebank", "Penn Treebank, NLTK sample", treebank),
                    ("ewt", "UD English-EWT, development and test", ewt),
                )
            },
            "note": "NLTK's own weights were learned from Wall Street Journal text: they have probably seen the "
            "treebank sample, so their figure there is no test of them.",
        },
    )


def measured(
    title: str, sentences: list[Sentence], ours: "PerceptronTagger", own: "PerceptronTagger"
) -> dict[str, Any]:
    """A line of the accuracy table: tokens that count, our share of right tags, NLTK's own."""
    return {
        "title": title,
        "tokens": sum(scored(tag) for sentence in sentences for _, tag in sentence),
        "ours": accuracy(ours, sentences),
        "nltk": accuracy(own, sentences),
    }


def card(results: dict[str, Any]) -> str:
    """The card of the weights, in Markdown, from the results."""
    made, packing = results["trained_on"], results["packing"]
    files, tokens = made["files"], made["tokens"]
    rows = [
        f"| {row['title']} | {row['tokens']:,} | {row['ours']:.4f} | {row['nltk']:.4f} |"
        for row in results["accuracy"].values()
    ]
    return "\n".join(
        [
            "# tagger-masc",
            "",
            "Weights for NLTK's `PerceptronTagger` (averaged perceptron, greedy, left to right; Honnibal 2013): "
            "English words to Penn Treebank tags.",
            "",
            "## Data",
            "",
            "The tagged part of MASC, the Manually Annotated Sub-Corpus of the American National Corpus (Ide et al. "
            "2010), as NLTK distributes it: letters, mail, news, fiction, talk and more. Licence: free for linguistic "
            f"education, research and development, also commercial. Split by file: {files['train']} files "
            f"({tokens['train']:,} tokens) to train on, {files['development']} ({tokens['development']:,}) to choose "
            f"on, {files['test']} ({tokens['test']:,}) held out. {made['files_left_out']} files are left out because "
            f"the treebank sample holds them too, {made['sentences_dropped']:,} sentences because a tag is none of the "
            "Penn set or a word is torn apart. Marks have the tag that their form decides. No text is stored here, but "
            "the features name words that occur in it.",
            "",
            "## Training",
            "",
            f"{results['passes']} passes of {len(results['development_by_pass'])} tried, weights below "
            f"{packing['threshold']:g} left out and the others rounded to multiples of {packing['step']:g}: "
            f"{packing['bytes']:,} bytes. Both were chosen on the development files: share of right tags "
            f"{packing['development']:.4f} there, {packing['development'] + results['lost_by_packing']:.4f} before "
            "weights were left out and rounded. `LSTM_DATA=... python -m tools.perceptron` makes the "
            "same file again.",
            "",
            "## Figures",
            "",
            "Share of right tags, on the words as the corpora split them; NLTK: the weights that NLTK offers for "
            "download, on the same words.",
            "",
            "| text | tokens | ours | NLTK |",
            "| --- | ---: | ---: | ---: |",
            *rows,
            "",
            results["note"] + " Of UD English-EWT the column of Penn tags is used, with HYPH and NFP as the colon; "
            "tokens tagged ADD, AFX, GW or XX are not counted.",
            "",
            "## Limits",
            "",
            "American English of about 1990 to 2010. How well it does on an old novel is not measured here: no tagged "
            "one is among these texts, and a text unlike them costs accuracy, as the last line of the table shows.",
            "",
        ]
    )


def table(results: dict[str, Any]) -> str:
    """The accuracies for people, a line a text."""
    lines = [f"{'accuracy':40} {'tokens':>8} {'ours':>7} {'NLTK':>7}"]
    for row in results["accuracy"].values():
        lines.append(f"{row['title']:40} {row['tokens']:8,} {row['ours']:7.4f} {row['nltk']:7.4f}")
    return "\n".join([*lines, results["note"]])


def main() -> None:
    """Train into models/tagger-masc, or into a folder that is named."""
    parser = argparse.ArgumentParser(prog="python -m tools.perceptron", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=TAGGER, help="where to; models/tagger-masc if left out")
    parser.add_argument("--passes", type=int, default=MAX_PASSES, help="how many to try at most")
    given = parser.parse_args()
    try:
        train(given.folder, most=given.passes)
    except (ValueError, OSError) as error:
        print(f"perceptron: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    results = read_json(given.folder / RESULTS)
    write_bytes(given.folder / "CARD.md", card(results).encode())
    print(table(results))


if __name__ == "__main__":
    main()
