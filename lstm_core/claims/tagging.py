"""What the lecture notes say of taggers and classifiers, beside what ours do (PROTOCOLS L). Facts only."""

from collections.abc import Sequence

from lstm_core.claims.training import Claim
from lstm_core.tagging.classify import Poolings, answer
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.tag import Following, following

SOURCE = "lecture notes"


def tagging_claims(runs: Sequence[LabelRun], figures: Poolings | None) -> list[Claim]:
    """L1 to L4 of the taggers at hand; `figures` are those of classifiers, None where they are not at hand."""
    found = [one for run in runs for one in following(run)]
    return [*_order(found), *_following(found), *_cells(runs), *_texts(figures)]


def _order(found: Sequence[Following]) -> list[Claim]:
    one = [case for case in found if not case.architecture.startswith("bi")]
    if not one:
        return []
    same = sum(case.same for case in one)
    return [
        Claim(
            "L1", SOURCE,
            "in one direction the first tag depends on the first word alone, later ones on the words so far",
            f"{same} of {len(one)} pairs of sentences that differ only after a word: its tag and its probability are "
            "the same to the bit",
            "it follows from how the network is built, so anything but all would be a mistake of ours",
            same == len(one),
        )
    ]  # fmt: skip


def _following(found: Sequence[Following]) -> list[Claim]:
    """The notes' own pair: more of an adverb before "today" than before "birds", by two directions."""
    notes = [case for case in found if not case.pair.decided and case.architecture.startswith("bi")]
    if not notes:
        return []
    decided = [case for case in found if case.pair.decided and case.architecture.startswith("bi")]
    more = sum(case.probability[1] > case.probability[0] for case in notes)
    flips = sum(_right(case) for case in decided)
    told = "; ".join(
        f"{case.architecture} {case.probability[0]:.1%} and {case.probability[1]:.1%} ({' and '.join(case.tags)})"
        for case in notes
    )
    return [
        Claim(
            "L2", SOURCE,
            "“early” is an adjective in “They are early birds”, an adverb in “They are early today”: that takes the "
            "word after it, so two directions",
            f"probability of an adverb before “birds” and before “today” (and the tags given): {told}. Both tags right "
            f"for {flips} of {len(decided)} pairs that the training text decides",
            "the training text has one “early” of this kind, so the tag itself may stay; it also knows more of words "
            "such as “her” and “that”",
            more == len(notes),
        )
    ]  # fmt: skip


def _right(case: Following) -> bool:
    return all(tag in wanted for tag, wanted in zip(case.tags, case.pair.tags, strict=True))


def _cells(runs: Sequence[LabelRun]) -> list[Claim]:
    """One direction beside two, for each cell, on all texts that were measured."""
    shares = {run.config.architecture: run.accuracy() for run in runs}
    told, better = [], []
    for cell in ("rnn", "gru", "lstm"):
        one, two = shares.get(cell, {}), shares.get(f"bi{cell}", {})
        for text in ("masc", "treebank", "ewt"):
            if text in one and text in two:
                better.append(two[text].right > one[text].right)
        if "masc" in one and "masc" in two:
            told.append(f"{cell} {one['masc'].right:.1%} and {two['masc'].right:.1%}")
    if not told:
        return []
    return [
        Claim(
            "L3", SOURCE,
            "leaving out the words that follow can significantly impact the performance of a tagger",
            f"right tags with one and with two directions on files of MASC held out: {'; '.join(told)}. Two are better "
            f"in {sum(better)} of {len(better)} comparisons over three texts",
            "the notes give no figures; two directions have twice the states, so a part of the gain is size",
            all(better),
        )
    ]  # fmt: skip


def _texts(figures: Poolings | None) -> list[Claim]:
    told = answer(figures) if figures is not None else []
    if not told or figures is None:
        return []
    return [
        Claim(
            "L4", SOURCE,
            "does it make sense to use a bidirectional RNN for text classification? (a question, the notes do not "
            "answer)",
            "; ".join(told),
            f"measured for the LSTM on {figures.classes} kinds of text, {len(figures.seeds)} seeds; another task may "
            "answer otherwise",
            None,
        )
    ]  # fmt: skip
