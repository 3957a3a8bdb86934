"""Which map is looked at, each choice in the URL: what is kept or can be made, and the offer to make it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from app import registry
from app.cached import corpus, machine_rate
from app.controls import one_of, tried
from app.work import at_work, last_attempt, start_button
from lstm_core.clusters.word_map import WordMapQuery, key_of
from lstm_core.runs.cells import CELLS, SIGNALS
from lstm_core.runs.cost import duration, word_map_seconds
from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs
from lstm_core.storage.files import home
from pages.word_map.result import kept_queries

FEWEST = 10  # words of a map
PARTS = {"train": "training text", "validation": "validation text", "test": "test text"}


def pick_run() -> Run:
    """The choice among runs of words that have weights or maps; where there is none the page ends with what to do."""
    runs = {run.name: run for run in list_runs() if run.kind == "word" and (run.has_weights or kept_queries(run))}
    if not runs:
        st.info("No model of words is at hand: this map is of whole words, which models of letters do not read.")
        st.caption(
            "Train one on the page **Training**: choose “Sweep: small word LSTM” as its settings; one pass over the "
            "text takes a few minutes and is enough for a first map. Or type:"
        )
        st.code(".venv/bin/python -m lstm_core train my-words --preset sweep --epochs 1", language=None)
        registry.link("training", "Go to Training")
        st.stop()
    asked = st.query_params.get("wordmap-run")
    if asked is not None and asked not in runs:
        st.info("The link names a model of words that is not here; showing another one.", icon=":material/info:")
    name = st.selectbox(
        "Model of words", list(runs), _first(runs), key="wordmap-run", bind="query-params", width=420
    )  # its label is what the URL holds: the bare name
    run = runs.get(name or "", next(iter(runs.values())))
    if not run.has_weights:
        st.caption("Of this model only maps are kept, no weights: others cannot be made of it here.")
    return run


def _first(runs: Mapping[str, Run]) -> int:
    """What the page opens with: the model chosen elsewhere, else one with a map, else one that was trained."""
    names = list(runs)
    wanted = st.session_state.get("chosen_run")
    mapped = next((name for name in names if kept_queries(runs[name])), None)
    trained = next((name for name in names if not runs[name].untrained_twin_of), None)
    return next((names.index(name) for name in (wanted, mapped, trained) if name and name in runs), 0)


def choose(run: Run, kept: Sequence[WordMapQuery]) -> WordMapQuery:
    """The choice of layer, signal, part of the text and how many words; at first a map that is kept."""
    usual = WordMapQuery().of(run)
    first = usual if usual in kept or not kept else kept[0]
    free = run.has_weights
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        layers = range(1, run.model_config.layers + 1) if free else sorted({query.layer for query in kept})
        layer = one_of("Layer", {str(number): number for number in layers}, first.layer, key="wordmap-layer")
        left = [query for query in kept if query.layer == layer]
        of_run = CELLS[run.model_config.cell].signals
        signals = of_run if free else [signal for signal in of_run if any(query.signal == signal for query in left)]
        titles = {_signal_title(signal): signal for signal in signals}
        signal = one_of("Signal", titles, first.signal, key="wordmap-signal")
        left = [query for query in left if query.signal == signal]
        parts = _parts(run) if free else ()
        parts = [part for part in PARTS if part in parts or any(query.split == part for query in left)]
        split = one_of("Part of the text", {PARTS[part]: part for part in parts}, first.split, key="wordmap-part")
        left = [query for query in left if query.split == split]
        makeable = WordMapQuery(signal, layer, split=split).of(run)
        return _which([*left, *([makeable] if free and makeable not in left else [])])


def _parts(run: Run) -> Sequence[str]:
    """The parts of a run's own text; the training text alone where it is not at hand."""
    try:
        return list(corpus(run.source(), run.kind).splits)
    except ValueError:
        return ["train"]


def _which(queries: Sequence[WordMapQuery]) -> WordMapQuery:
    """The choice among maps of one layer, signal and part: by how many words, and by what else they differ."""
    if len(queries) == 1:
        return queries[0]
    titles = {_title(query): query for query in queries}
    chosen = st.selectbox("Words", list(titles), key="wordmap-words", bind="query-params", width=260)  # not Markdown
    return titles.get(chosen or "", queries[0])


def _title(query: WordMapQuery) -> str:
    usual = WordMapQuery()
    return f"{query.tokens:,} words" + "".join(
        (
            f" from {query.start:,}" if query.start else "",
            f" of {query.text}" if query.text else "",
            f", perplexity {query.perplexity:g}" if query.perplexity != usual.perplexity else "",
            f", seed {query.seed}" if query.seed != usual.seed else "",
        )
    )


def told(query: WordMapQuery) -> str:
    """A map in a few words."""
    return f"{query.signal} of layer {query.layer}, {PARTS.get(query.split, query.split)}, {_title(query)}"


def address(run: Run, query: WordMapQuery) -> dict[str, str]:
    """The choice of a map as the URL has it."""
    return {
        "wordmap-run": run.name,
        "wordmap-layer": str(query.layer),
        "wordmap-signal": _signal_title(query.signal),
        "wordmap-part": PARTS.get(query.split, query.split),
        "wordmap-words": _title(query),
    }


def _signal_title(signal: str) -> str:
    return f"{SIGNALS[signal].title} ({signal})"


def job_folder(run: Run, query: WordMapQuery) -> Path:
    """Where the job of a query (`WordMapQuery.of`) lives."""
    return home() / "wordmaps" / "jobs" / key_of(query, run.fingerprint)


def command(run: Run, query: WordMapQuery) -> list[str]:
    """The verb that makes a map, as a person would type it."""
    words = ["wordmap", "--signal", query.signal, "--layer", str(query.layer), "--tokens", str(query.tokens)]
    return [*words, "--split", query.split, "--", run.name]


def words_of(run: Run, query: WordMapQuery) -> int:
    """How many words the map will have; raises ValueError when the text is not at hand."""
    start, stop = corpus(run.source(query.text), run.kind).span(query.split, query.tokens, query.start)
    return stop - start


def offer(run: Run, query: WordMapQuery, *, again: bool = False) -> None:
    """Draw the offer to make a map, or the progress of that work. When it ends the page is drawn again."""
    folder = job_folder(run, query)
    if at_work(folder, f"wordmap-{folder.name}"):
        return
    last_attempt(folder)
    if not run.has_weights:
        st.info("This model's weights are not here, so the map cannot be made again: choose another map or model.")
        return
    words = tried("The text that this map is made of is not at hand.", words_of, run, query)
    if words is None:
        return
    if words < FEWEST:
        st.info(f"This part of the text has {words:,} words: too few for a map. Choose another part or model.")
        return
    seconds = word_map_seconds(run.model_config, words, machine_rate())
    st.caption(
        f"The model reads {words:,} words of the text, then they are moved about on a plane until those with like "
        f"states are near each other (t-SNE): about {duration(seconds)} on this machine. "
        "The work goes on when this page is closed, and the map is kept."
    )
    label = "Make it again" if again else "Make this map"
    start_button(label, folder, command(run, query), f"wordmap-go-{folder.name}")
