"""What the lecture notes say of taggers and classifiers, beside what ours do (PROTOCOLS L). Facts only."""

from collections.abc import Sequence

from lstm_core.claims.claim import Claim, Verdict, measures
from lstm_core.runs.cells import CELLS
from lstm_core.tagging.classify import Poolings, answer
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.tag import Following, following


def tagging_claims(runs: Sequence[LabelRun], figures: Poolings | None) -> list[Verdict]:
    """L1 to L4 of the taggers at hand; `figures` are those of classifiers, None where they are not at hand."""
    found = [one for run in runs for one in following(run)]
    one, two = ([case for case in found if case.architecture.startswith("bi") is both] for both in (False, True))
    told, better = _compared({run.config.architecture: run.accuracy() for run in runs})
    return [
        *([_order(one)] if one else []),
        *([_following(two)] if any(not case.pair.decided for case in two) else []),
        *([_cells(told, better)] if told else []),
        *([_texts(figures)] if figures is not None and answer(figures) else []),
    ]


@measures("L1")
def _order(claim: Claim, one: Sequence[Following]) -> Verdict:
    same = sum(case.same for case in one)
    told = (
        f"{same} of {len(one)} pairs of sentences that differ only after a word: its tag and its probability are the "
        "same to the bit"
    )
    return claim.judged(told, same == len(one))


@measures("L2")
def _following(claim: Claim, two: Sequence[Following]) -> Verdict:
    """The notes' own pair, by two directions."""
    notes, decided = ([case for case in two if case.pair.decided is known] for known in (False, True))
    told = "; ".join(
        f"{case.architecture} {case.probability[0]:.1%} and {case.probability[1]:.1%} ({' and '.join(case.tags)})"
        for case in notes
    )
    flips = sum(all(tag in wanted for tag, wanted in zip(case.tags, case.pair.tags, strict=True)) for case in decided)
    measured = (
        f"probability of an adverb before “birds” and before “today” (and the tags given): {told}. Both tags right for "
        f"{flips} of {len(decided)} pairs that the training text decides"
    )
    return claim.judged(measured, all(case.probability[1] > case.probability[0] for case in notes))


def _compared(shares: dict[str, dict]) -> tuple[list[str], list[bool]]:
    """Of each cell right tags by one direction and by two, as words, and whether two are better, text by text."""
    told, better = [], []
    for cell in CELLS:
        one, two = shares.get(cell, {}), shares.get(f"bi{cell}", {})
        texts = [text for text in ("masc", "treebank", "ewt") if text in one and text in two]
        better += [two[text].right > one[text].right for text in texts]
        if "masc" in texts:
            told.append(f"{cell} {one['masc'].right:.1%} and {two['masc'].right:.1%}")
    return told, better


@measures("L3")
def _cells(claim: Claim, told: Sequence[str], better: Sequence[bool]) -> Verdict:
    """One direction beside two, for each cell, on all texts that were measured."""
    measured = (
        f"right tags with one and with two directions on files of MASC held out: {'; '.join(told)}. Two are better in "
        f"{sum(better)} of {len(better)} comparisons over three texts"
    )
    return claim.judged(measured, all(better))


@measures("L4")
def _texts(claim: Claim, figures: Poolings) -> Verdict:
    return claim.judged("; ".join(answer(figures)), None, classes=figures.classes, seeds=len(figures.seeds))
