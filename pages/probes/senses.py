"""Labelled meanings: what is kept of runs that read sentences in which people had labelled the sense of a word."""

import pandas as pd
import streamlit as st

from app.components.table import Columns, number, percent, share, show, whole
from app.controls import one_of
from lstm_core.probes.sense_sets import EVERY_PHRASE
from lstm_core.probes.senses import GUESSERS, LOOKED_AT, MOST, Senses, read_senses
from lstm_core.probes.senses_over_seeds import Ahead, Range, SetTogether, WordTogether, together
from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs

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
_GUESSES: Columns = {
    "meanings": whole(),
    "places": whole("Places that were tested, none of which was trained on."),
    "neurons": share(f"{_GUESS}{GUESSERS['at_word']}.", 0),
    "untrained": share(f"{_GUESS}{GUESSERS['twin_at_word']}.", 0),
    "words before": percent(f"{_GUESS}{GUESSERS['words_before']}.", 0),
    "all words": percent(f"{_GUESS}{GUESSERS['words']}.", 0),
    "at the end": percent(f"{_GUESS}{GUESSERS['at_end']}.", 0),
    "commonest": percent(f"{_GUESS}{GUESSERS['majority']}.", 0),
}
_SINGLE = {
    "confirmed": share(
        "Share of single neurons that tell the commonest meaning from the others on places that did not choose them."
    ),
    "untrained, confirmed": share("The same in the untrained twin."),
    "by chance": percent("The same with shuffled labels."),
}
_OTHER = {
    "right": percent("Share of all places at which the neurons at the word guess right."),
    "right, words before": percent("The same of the words before it, without a network."),
    "right, commonest": percent("The same of always guessing the commonest meaning."),
    "F1": number("Of the neurons at the word, the mean over the meanings.", 2),
    "F1, words before": number("The same of the words before it, without a network.", 2),
}


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
    st.text("\n".join(sentences(part)))
    key = f"probes-senses-{part.name}"
    alt = f"How well the meaning of each word of {part.name} is guessed"
    _table(part, _GUESSES, key=f"{key}-guesses", alt=alt)
    st.subheader("Single neurons")
    st.text(neurons_sentence(part))
    _table(part, _SINGLE, key=f"{key}-single", alt="Which share of single neurons tells meanings apart")
    with st.expander("Where each place counts alike"):
        st.caption("Above each meaning counts alike. Here each place does: always guessing the commonest does well.")
        _table(part, _OTHER, key=f"{key}-other", alt="Share of places guessed right, and F1")
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


def _table(part: SetTogether, columns: Columns, *, key: str, alt: str) -> None:
    show(frame(part)[["word", *columns]], columns=columns, key=key, alt=alt)


def sentences(part: SetTogether) -> list[str]:
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


def neurons_sentence(part: SetTogether) -> str:
    """What single neurons tell, beside the twin and chance."""
    own, twin, shuffled = part.chief.confirmed, part.chief.twin_confirmed, part.chief.shuffled
    return (
        f"{_percent(own, 1)} of single neurons tell the commonest meaning from the others, in the untrained twin "
        f"{_percent(twin, 1)}, with shuffled labels {_percent(shuffled, 1)}."
    )


def _wins(ahead: Ahead, noun: str) -> str:
    """Of those where the two differ; how probable so many or so few are where both are alike."""
    return f"{ahead.words} of {ahead.of} {noun} (chance {ahead.chance:.2g})"


def frame(part: SetTogether) -> pd.DataFrame:
    """All that is told of the words, one a row, then their mean."""
    return pd.DataFrame([_row(one) for one in (*part.words, part.mean)])


def _row(one: WordTogether) -> dict[str, object]:
    balanced = {name: guess.balanced.mean for name, guess in one.scores.items()}
    return {
        "word": one.word,
        "meanings": round(one.senses),
        "places": round(one.test),
        "neurons": balanced["at_word"],
        "untrained": balanced["twin_at_word"],
        "words before": balanced["words_before"],
        "all words": balanced["words"],
        "commonest": balanced["majority"],
        "at the end": balanced["at_end"],
        "right": one.scores["at_word"].accuracy.mean,
        "right, words before": one.scores["words_before"].accuracy.mean,
        "right, commonest": one.scores["majority"].accuracy.mean,
        "F1": one.scores["at_word"].macro_f1.mean,
        "F1, words before": one.scores["words_before"].macro_f1.mean,
        "confirmed": one.confirmed.mean,
        "untrained, confirmed": one.twin_confirmed.mean,
        "by chance": one.shuffled.mean,
    }


def _percent(one: Range, digits: int = 0) -> str:
    """A share, of several runs with the least and the most."""
    mean, least, most = (f"{value:.{digits}%}" for value in (one.mean, one.least, one.most))
    return mean if least == most else f"{mean} ({least} to {most})"
