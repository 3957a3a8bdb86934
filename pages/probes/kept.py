"""Figures that are kept, over several seeds of one model: of studies, also of models that cannot come along, and of
labelled meanings, of runs that read sentences in which people had labelled the sense of a word.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import mean

import streamlit as st

from app.components.fields import Fields, show_rows, table_of
from app.components.table import number, percent, share, show, text, whole
from app.controls import one_of
from lstm_core.probes.kept_studies import KeptStudy, Outcome, identity, read_kept
from lstm_core.probes.sense_sets import EVERY_PHRASE
from lstm_core.probes.senses import GUESSERS, LOOKED_AT, MOST, Senses, read_senses
from lstm_core.probes.senses_over_seeds import Ahead, Range, SetTogether, together
from lstm_core.probes.studies import Study
from lstm_core.runs.cells import SIGNALS
from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs
from lstm_core.stats import intervals

Found = list[tuple[Run, KeptStudy]]
_UNTRAINED = "The same before anything was learned."
_ALWAYS: Fields = {("model", "run"): text()}
_PHRASES: Fields = {
    ("through a phrase", "found.matched"): whole(
        "Neurons that are on through at least half of the places of a phrase."
    ),
    ("of one alone", "found.selective"): whole("Of these, neurons that are on through none of the other phrases."),
    ("alone, by chance", "found.by_chance.selective"): number("The same at places drawn at random.", 1),
    ("alone, untrained", "twin.selective"): whole(_UNTRAINED),
}
_KINDS: Fields = {
    ("places", lambda one: f"{one.positives} / {one.negatives}"): text("Of the first kind and of the second."),
    ("confirmed", "found.confirmed"): whole(
        "Neurons that tell both kinds of places apart, chosen on one half of the places and confirmed on the other."
    ),
    ("confirmed, by chance", "found.by_chance.confirmed"): number("The same with the kinds dealt out at random.", 2),
    ("confirmed, untrained", "twin.confirmed"): whole(_UNTRAINED),
    ("null words", lambda one: sum(count for _, count in one.found.null) if one.found.null else None): whole(
        "Neurons confirmed for words whose places are dealt out in turn: there is nothing to find."
    ),
    ("reader", "found.reader"): percent(
        "How often a linear reader of all neurons tells the kinds apart on parts of the text that it was not fitted "
        "to; 50% is guessing."
    ),
    ("reader, dealt", "found.control"): percent(
        "The same of kinds that were dealt out by word: what the words alone give."
    ),
    ("reader, untrained", "twin.reader"): percent(_UNTRAINED),
}
_WORDS: Fields = {
    ("words apart", "found.words.between"): percent(
        "How much of the spread between the words lies between the class and words as frequent."
    ),
    ("apart, chance", "found.words.chance"): number("How probable so much is by chance."),
    ("apart, untrained", "twin.words.between"): percent(_UNTRAINED),
    ("of the class", "found.class_units"): whole(
        "Neurons that are higher or lower at words of the class than at words as frequent, confirmed on the half of "
        "the words that did not choose them."
    ),
    ("class, by chance", "found.class_shuffled"): number("The same with the words dealt out at random.", 2),
    ("class, untrained", "twin.class_units"): whole(_UNTRAINED),
}
NAMES = {"coarsewsd": "Nouns in Wikipedia", "semeval": "Phrases, literal or not", "senseval": "Four words in news"}
_WHAT = {
    "coarsewsd": "Twenty nouns such as bank or java, with the meaning that each has in sentences of Wikipedia "
    "(CoarseWSD-20).",
    "semeval": "Phrases such as “brick wall”, some of them meant literally, some not, in sentences of the web "
    f"(SemEval-2022 task 2). “{EVERY_PHRASE}” asks whether literal and not can be told of phrases that nothing was "
    "trained on; each other line is one phrase, trained on half of its places and tested on the rest.",
    "senseval": "The words hard, interest, line and serve in news, with their meanings as in a dictionary (senseval). "
    "The earlier half of each meaning's places trains, the later half tests.",
}
_GUESS = "Share of the meanings guessed right, each meaning counting alike, on places that were not trained on: "
_WORD: Fields = {("word", "word"): text()}
_GUESSES: Fields = {
    **_WORD,
    ("meanings", lambda one: round(one.senses)): whole(),
    ("places", lambda one: round(one.test)): whole("Places that were tested, none of which was trained on."),
    ("neurons", "scores.at_word.balanced.mean"): share(f"{_GUESS}{GUESSERS['at_word']}.", 0),
    ("untrained", "scores.twin_at_word.balanced.mean"): share(f"{_GUESS}{GUESSERS['twin_at_word']}.", 0),
    ("words before", "scores.words_before.balanced.mean"): percent(f"{_GUESS}{GUESSERS['words_before']}.", 0),
    ("all words", "scores.words.balanced.mean"): percent(f"{_GUESS}{GUESSERS['words']}.", 0),
    ("at the end", "scores.at_end.balanced.mean"): percent(f"{_GUESS}{GUESSERS['at_end']}.", 0),
    ("commonest", "scores.majority.balanced.mean"): percent(f"{_GUESS}{GUESSERS['majority']}.", 0),
}
_SINGLE: Fields = {
    **_WORD,
    ("confirmed", "confirmed.mean"): share(
        "Share of single neurons that tell the commonest meaning from the others on places that did not choose them."
    ),
    ("untrained, confirmed", "twin_confirmed.mean"): share("The same in the untrained twin."),
    ("by chance", "shuffled.mean"): percent("The same with shuffled labels."),
}
_OTHER: Fields = {
    **_WORD,
    ("right", "scores.at_word.accuracy.mean"): percent(
        "Share of all places at which the neurons at the word guess right."
    ),
    ("right, words before", "scores.words_before.accuracy.mean"): percent(
        "The same of the words before it, without a network."
    ),
    ("right, commonest", "scores.majority.accuracy.mean"): percent(
        "The same of always guessing the commonest meaning."
    ),
    ("F1", "scores.at_word.macro_f1.mean"): number("Of the neurons at the word, the mean over the meanings.", 2),
    ("F1, words before", "scores.words_before.macro_f1.mean"): number(
        "The same of the words before it, without a network.", 2
    ),
}


def kept(asked: Study) -> bool:
    """The section about what a study asks for: all models of which figures are kept. Returns whether there are any."""
    return _groups([(run, one) for run, one in _all() if one.asked == identity(asked)])


def all_kept() -> None:
    """The same where nothing can be asked here: one of the studies of which figures are kept."""
    found = _all()
    names = sorted({one.study for _, one in found})
    if not names:
        return
    st.subheader("Studies of other models")
    name = st.selectbox("Study", names, key="probes-kept", bind="query-params", width=320) or names[0]
    _groups([(run, one) for run, one in found if one.study == name])


def _all() -> Found:
    return [(run, one) for run in list_runs() if run.status != "untrained" for one in read_kept(run).values()]


def _groups(found: Found) -> bool:
    for place, some in enumerate(groups(found)):
        run, first = some[0]
        st.subheader(f"{first.study}: {run.model_config.architecture}, of {run.config['corpus']['name']}")
        st.text(first.question)
        signal = SIGNALS[first.on.signal].title if first.on.signal in SIGNALS else first.on.signal
        st.caption(
            f"Figures that are kept of {first.text}, also of models that could not come along. A neuron is on by its "
            f"{signal} ({first.on.rule}, {first.on.threshold:g})."
        )
        results = [one for _, one in some]
        st.text("\n".join(sentences(results)))
        alt = f"What the study {first.study} found"
        phrases, kinds = _PHRASES if first.phrases else {}, _KINDS if first.positives else {}
        asked_for = {**_ALWAYS, **phrases, **kinds, **_WORDS}
        columns = {name: shown for (name, _), shown in asked_for.items()}
        made = table_of(results, asked_for).dropna(axis="columns", how="all")
        show(made, columns=columns, key=f"probes-kept-{first.study}-{place}", alt=alt)
    return bool(found)


def groups(found: Found) -> list[Found]:
    """What may stand side by side: runs that differ in their seed alone, one of each, in the order given."""
    made: dict[object, dict[int, tuple[Run, KeptStudy]]] = {}
    for run, one in found:
        recipe = replace(run.train_config, seed=0, threads=0)
        counts = (one.units, one.positives, one.negatives, one.phrases, one.found.class_units is None)
        alike = (run.model_config, recipe, run.config["corpus"]["fingerprint"], one.asked, one.text, one.on, counts)
        made.setdefault(alike, {}).setdefault(run.train_config.seed, (run, one))
    return [list(some.values()) for some in made.values()]


def sentences(some: Sequence[KeptStudy]) -> list[str]:
    """In plain words, over all models of a group."""
    first = some[0]
    found, twins = [one.found for one in some], [one.twin for one in some if one.twin is not None]

    def told(of: Callable[[Outcome], float | None], by_chance: Callable[[Outcome], float | None], what: str) -> str:
        untrained = [float(value) for one in twins if (value := of(one)) is not None]
        before = f", before anything was learned {mean(untrained):,.1f}" if untrained else ""
        return f"{_over(found, of)} {what}; by chance {mean(by_chance(one) or 0.0 for one in found):.1f}{before}."

    made = []
    if first.phrases:
        what = f"neurons are on through one of {first.phrases} phrases alone"
        made.append(told(lambda one: one.selective, lambda one: one.by_chance.selective, what))
    if first.positives:
        what = (
            f"of {first.units:,} neurons tell {first.positives} places of the first kind from {first.negatives} of the "
            "second on places that did not choose them"
        )
        made.append(told(lambda one: one.confirmed, lambda one: one.by_chance.confirmed, what))
    if first.found.class_units is not None:
        what = f"of {first.units:,} neurons are higher or lower at the words of the class than at others as frequent"
        made.append(told(lambda one: one.class_units, lambda one: one.class_shuffled, what))
    return made


def _over(found: Sequence[Outcome], of: Callable[[Outcome], float | None]) -> str:
    """The figure of one model, or the mean of several with the interval over their seeds."""
    values = [float(of(one) or 0) for one in found]
    if len(values) == 1:
        return f"{values[0]:,.0f}"
    low, high = intervals.of_mean(values)
    return f"{mean(values):,.0f} (mean of {len(values)} seeds, {max(0.0, low):,.0f} to {high:,.0f} at 95%)"


def senses(run: Run) -> None:
    """The section: which runs, which set, and what they know of its words."""
    st.subheader("Labelled meanings")
    groups = kept_groups(run)
    if not groups:
        st.caption(
            "People have labelled which meaning a word has in thousands of sentences. No model here has read them yet. "
            "With those sets in the folder that LSTM_DATA names, type:"
        )
        name = run.name if run.kind == "word" else "NAME"
        st.code(f".venv/bin/python -m lstm_core senses {name}", language=None)
        if run.kind != "word":
            st.caption("It takes a model of words; the chosen one reads letters.")
        return
    titles = list(groups)
    if titles[1:]:
        title = st.selectbox("Models", titles, key="probes-senses", bind="query-params", width=640) or titles[0]
    else:
        title = titles[0]
        st.text(f"Of {title}")
    parts = {part.name: part for part in together(groups[title])}
    if not parts:
        st.caption("These models have no word in common that all of them know.")
        return
    options = {NAMES[name]: name for name in parts}
    _set(parts[one_of("Set", options, next(iter(parts)), key="probes-senses-set")])


def kept_groups(run: Run) -> dict[str, list[Senses]]:
    """What is kept, by runs of one shape and text, those like `run` first; title -> results."""
    found: dict[str, list[Senses]] = {}
    for one in sorted(list_runs(), key=lambda other: _kind(other) != _kind(run)):
        kept = read_senses(one) if one.kind == "word" and one.status != "untrained" else None
        if kept is not None:
            found.setdefault(_kind(one), []).append(kept)
    return {f"{kind}: {', '.join(one.run for one in some)}": some for kind, some in found.items()}


def _kind(run: Run) -> str:
    """What runs have in common that differ in their seed."""
    shape = run.model_config
    return f"{shape.architecture}, dropout {shape.dropout:g}, of {run.config['corpus']['name'] or 'an unknown text'}"


def _set(part: SetTogether) -> None:
    st.caption(_WHAT[part.name])
    st.text("\n".join(senses_sentences(part)))
    key = f"probes-senses-{part.name}"
    alt = f"How well the meaning of each word of {part.name} is guessed"
    rows = (*part.words, part.mean)
    show_rows(rows, _GUESSES, key=f"{key}-guesses", alt=alt)
    st.subheader("Single neurons")
    own, twin, shuffled = part.chief.confirmed, part.chief.twin_confirmed, part.chief.shuffled
    st.text(
        f"{_percent(own, 1)} of single neurons tell the commonest meaning from the others, in the untrained twin "
        f"{_percent(twin, 1)}, with shuffled labels {_percent(shuffled, 1)}."
    )
    show_rows(rows, _SINGLE, key=f"{key}-single", alt="Which share of single neurons tells meanings apart")
    with st.expander("Where each place counts alike"):
        st.caption("Above each meaning counts alike. Here each place does: always guessing the commonest does well.")
        show_rows(rows, _OTHER, key=f"{key}-other", alt="Share of places guessed right, and F1")
    with st.expander("How this is measured"):
        st.markdown(
            "The network reads each sentence by itself and its neurons are looked at when it has just read the word, "
            "when it knows what stands before it and not what follows. A linear probe (softmax regression) learns "
            f"from places with a label, at most {MOST} of each meaning, and guesses at other places. The same probe is "
            "given the neurons of the network before it learned anything (the untrained twin), and the words of the "
            "text without any network: only what is above both was learned. Each meaning counts alike (balanced "
            "accuracy), so that always guessing the commonest of two reaches 50%.\n\n"
            f"A single neuron is confirmed if it was chosen on training places (at most {LOOKED_AT} of each kind) and "
            "orders the test places in the same way beyond chance, at most 5% of all so called being wrong "
            "(Benjamini and Hochberg). The share with shuffled labels is what that finds where there is nothing."
        )


def senses_sentences(part: SetTogether) -> list[str]:
    """What can be guessed, in words: how much of it was learned, how much of the text is unknown."""
    noun = "words" if part.chief is part.mean else "phrases"
    own, twin, words = (part.chief.scores[name].balanced for name in ("at_word", "twin_at_word", "words_before"))
    return [
        f"From the neurons at the word {_percent(own)} of the meanings are guessed right, from those of the untrained "
        f"twin {_percent(twin)}, from the words before it without a network {_percent(words)}.",
        f"The neurons do better than those of the twin for {_wins(part.ahead_of('twin_at_word'), noun)}, better than "
        f"the words without a network for {_wins(part.ahead_of('words_before'), noun)}.",
        f"{_percent(part.unknown_tokens, 1)} of the words are unknown to the network and read as one and the same. The "
        f"labelled word itself is unknown at {_percent(part.unknown_places, 1)} of the places, which are left out.",
    ]


def _wins(ahead: Ahead, noun: str) -> str:
    """Of those where the two differ; how probable so many or so few are where both are alike."""
    return f"{ahead.words} of {ahead.of} {noun} (chance {ahead.chance:.2g})"


def _percent(one: Range, digits: int = 0) -> str:
    """A share, of several runs with the least and the most."""
    mean, least, most = (f"{value:.{digits}%}" for value in (one.mean, one.least, one.most))
    return mean if least == most else f"{mean} ({least} to {most})"
