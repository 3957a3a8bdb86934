"""The yardstick under a training curve: the n-gram models of a corpus with their scores, computed once and kept.

k, discounts, weights and the order to show are chosen on text that is neither counted nor scored as held out. Knows
corpora and where results are kept; knows nothing of pages.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from lstm_core.runs.run import score_of
from lstm_core.runs.settings import MEASURES
from lstm_core.storage.files import home
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import PROGRAM, Results, hashed
from lstm_core.text.catalogue import Kind
from lstm_core.text.corpus import Corpus
from lstm_core.text.ngram import METHODS, NgramModel, count, fit, look_up, mean_loss, probabilities

HIGHEST: dict[Kind, int] = {"char": 8, "word": 5}
FITTED = 1_000_000  # tokens that choices are fitted on at most
SCHEMA = 1


@dataclass(frozen=True)
class NgramQuery:
    """All orders from 1 to this one; order n looks at the n - 1 tokens before. 0 = the highest that the kind allows."""

    order: int = 0

    def orders(self, kind: Kind) -> range:
        """The orders asked for; raises ValueError outside 1 to 8 for characters, 1 to 5 for words."""
        if not 0 <= self.order <= HIGHEST[kind]:
            what = "characters" if kind == "char" else "words"
            raise ValueError(f"order {self.order} is not usable for {what}: choose 1 to {HIGHEST[kind]}")
        return range(1, (self.order or HIGHEST[kind]) + 1)


@dataclass(frozen=True)
class NgramScore:
    """A model with its scores, in the measure of the result: on the text it was fitted on, and by split."""

    model: NgramModel
    fitted: float
    scores: dict[str, float]


@dataclass(frozen=True)
class NgramResult(Framed, rows="scores"):
    """The n-gram models of a corpus. `measure` is "bits_per_character" or "perplexity"; `counted` training tokens.

    `fitted_on` says which text chose k, discounts, weights and orders; `held_out` the splits that nothing was chosen
    on; `tokens` how many each split has.
    """

    corpus: str
    fingerprint: str
    kind: Kind
    order: int
    measure: str
    vocabulary: int
    counted: int
    fitted_on: str
    held_out: tuple[str, ...]
    tokens: dict[str, int]
    scores: tuple[NgramScore, ...]

    def best(self) -> list[NgramScore]:
        """Each method at the order that is best on the text it was fitted on."""
        return [
            min((score for score in self.scores if score.model.method == method), key=lambda score: score.fitted)
            for method in METHODS
        ]


def baseline(corpus: Corpus, query: NgramQuery, *, report: Progress = silent) -> NgramResult:
    """Every method at every order asked for, scored on the validation split and, where there is one, the test split.

    Where the corpus has a test split, choices are fitted on its validation split, and only the test is held out. Else
    they are fitted on the last 5 % of the training split, which is not counted meanwhile; then all of it is counted.
    At most the last 1,000,000 tokens are used to choose. `report` is called with the share done and a word.
    """
    orders = query.orders(corpus.kind)
    start, stop = corpus.splits["train"]
    given = "test" in corpus.splits
    fitting = corpus.splits["validation"] if given else (stop - max(1, (stop - start) * 5 // 100), stop)
    fitting = (max(fitting[0], fitting[1] - FITTED), fitting[1])
    report(0.0, "counting")
    counts = count(corpus.ids[start : stop if given else fitting[0]], len(corpus.vocabulary), orders[-1])
    seen = look_up(counts, corpus.ids, *fitting)
    models = []
    for number, (method, order) in enumerate((method, order) for method in METHODS for order in orders):
        report(0.2 + 0.6 * number / (len(METHODS) * len(orders)), f"{method}, order {order}")
        models.append(fit(counts, seen, method, order))
    fitted = [-float(np.log(probabilities(counts, seen, model)).mean()) for model in models]
    if not given:
        report(0.8, "counting all of the training text")
        counts = count(corpus.part("train"), len(corpus.vocabulary), orders[-1])
    scored = [split for split in ("validation", "test") if split in corpus.splits]
    losses = {}
    for split in scored:
        report(0.9, f"reading the {split} text")
        losses[split] = mean_loss(counts, corpus.ids, corpus.splits[split], models)
    report(1.0, "done")
    return NgramResult(
        corpus=corpus.name,
        fingerprint=corpus.fingerprint,
        kind=corpus.kind,
        order=orders[-1],
        measure=MEASURES[corpus.kind],
        vocabulary=len(corpus.vocabulary),
        counted=stop - start,
        fitted_on="validation" if given else "the last 5 % of the training text",
        held_out=("test",) if given else ("validation",),
        tokens={split: len(corpus.part(split)) for split in scored},
        scores=tuple(
            NgramScore(
                model,
                score_of(fitted[number], corpus.kind),
                {split: score_of(losses[split][number], corpus.kind) for split in scored},
            )
            for number, model in enumerate(models)
        ),
    )


def _key(one: Any) -> str:
    title = re.sub(r"[^A-Za-z0-9]+", "-", Path(one.corpus).stem)[:32].strip("-")
    return f"{title}-{one.kind}-{one.order}-{hashed([SCHEMA, one.corpus, one.fingerprint, one.kind, one.order], 16)}"


def _sound(found: NgramResult) -> bool:
    scored = all(score.scores.keys() >= found.tokens.keys() for score in found.scores)
    return scored and {score.model.method for score in found.scores} == {*METHODS}


BASELINES = Results("baselines/{key}.json", NgramResult, SCHEMA, key=_key, sound=_sound)


def baseline_folder(name: str, fingerprint: str, kind: Kind, query: NgramQuery) -> Path:
    """Where a job that makes the result of a corpus lives, below `$LSTM_HOME/baselines`."""
    asked = SimpleNamespace(corpus=name, fingerprint=fingerprint, kind=kind, order=query.orders(kind)[-1])
    return home() / "baselines" / _key(asked)


def kept_baseline(name: str, fingerprint: str, kind: Kind, query: NgramQuery) -> NgramResult | None:
    """The result for a corpus of that name and fingerprint that was kept or ships; None where there is no whole one."""
    order = query.orders(kind)[-1]
    return BASELINES.read(PROGRAM, corpus=name, fingerprint=fingerprint, kind=kind, order=order)
