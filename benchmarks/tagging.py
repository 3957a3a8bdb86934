"""The tagger: share of right tags on every tagged text at hand beside NLTK's own weights, and its speed.

The accuracies are computed anew, from the shipped weights and the corpora below `$LSTM_DATA`; `stored` says what the
results beside the weights hold.
"""

import json
import sys
import time
from typing import Any

from machine import machine

from lstm_core.text.corpus import read_corpus
from lstm_core.text.gold_tags import agreement, gold_tags, read_ewt, read_masc, read_treebank
from lstm_core.text.tagged import not_followed_by_whitespace
from lstm_core.text.tags import shipped_tagger, tag_text, tagger_accuracy
from tools.perceptron import measured, nltk_own_tagger


def accuracies() -> dict[str, Any]:
    """Each text: tokens, our share of right tags, NLTK's, and what is stored."""
    ours, own = shipped_tagger(), nltk_own_tagger()
    texts = {"masc": read_masc().test, "treebank": read_treebank(), "ewt": read_ewt()}
    stored = tagger_accuracy()["accuracy"]
    return {
        key: {**measured(stored[key]["title"], sentences, ours, own), "stored": stored[key]["ours"]}
        for key, sentences in texts.items()
    }


def book(name: str) -> dict[str, Any]:
    """A whole edition of War and Peace: seconds, tokens, the share of words without a blank behind them."""
    corpus = read_corpus(name)
    text = corpus.vocabulary.decode(corpus.ids.tolist())
    start = time.perf_counter()
    tagged = tag_text(text)
    seconds = time.perf_counter() - start
    found = {"first 250,000 characters": not_followed_by_whitespace(tag_text(text[:250_000]), text[:250_000])}
    found["whole"] = not_followed_by_whitespace(tagged, text)
    return {"characters": len(text), "tokens": len(tagged), "seconds": seconds, "not_followed_by_whitespace": found}


def brown() -> dict[str, Any]:
    """The running text of the Brown corpus: gold words that are tokens of ours, share of equal universal tags."""
    corpus = read_corpus("brown")
    gold = gold_tags(corpus)
    compared, share = agreement(gold, tag_text(corpus.vocabulary.decode(corpus.ids.tolist())))
    return {"gold_words": len(gold), "compared": compared, "same_universal_tag": share}


def main() -> None:
    result: dict[str, Any] = {"machine": machine()}
    for part in ("accuracies", "war-and-peace", "war-and-peace-unicode", "brown"):
        print(part, file=sys.stderr)
        result[part] = {"accuracies": accuracies, "brown": brown}.get(part, lambda part=part: book(part))()
    result["note"] = tagger_accuracy()["note"]
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
