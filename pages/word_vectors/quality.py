"""How far vectors agree with people about which words are alike: the benchmarks as figure and table, and one's own."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.cached import cached
from app.charts.draw import draw
from app.charts.words import correlations
from app.components import table as tables
from app.controls import one_of, tried
from lstm_core.claims.words import PAPER_MEAN
from lstm_core.runs.run import Run
from lstm_core.storage.frames import frame_of
from lstm_core.text.catalogue import CorpusMissing
from lstm_core.text.corpus import decode_text
from lstm_core.word_vectors.benchmark_scores import Peer, Peers, SimilarityResult, at_hand
from lstm_core.word_vectors.benchmarks import BENCHMARKS, PAPER, Pairs, parse_pairs
from lstm_core.word_vectors.similarity import Score, Stratum, judge, mean_rho, score
from lstm_core.word_vectors.vectors import EmbeddingQuery, EmbeddingTable
from pages.word_vectors.source import Vectors, offer

LARGEST = 2_000_000  # bytes of a file of pairs
ENOUGH = 20  # pairs that a correlation of a part is told from
_OWN = "embeddings-own"


def headline(best: SimilarityResult, paper: SimilarityResult, peers: Peers | None) -> None:
    """The means as figures, and all scores drawn with their intervals."""
    ours, as_paper = mean_rho(best.scores), mean_rho(paper.scores)
    columns = st.columns(4)
    about = (
        "Mean rank correlation (Spearman) with people's judgement over the 13 benchmarks; 1 would be full agreement."
    )
    columns[0].metric("The best vectors here", _told(ours), help=about)
    columns[1].metric("The paper's vectors here", _told(as_paper), help=about)
    columns[2].metric("In the paper", f"{PAPER_MEAN:.3f}", help="Its own model, of another text.")
    if peers and (other := peers.strongest):
        columns[3].metric(f"{other.name}, same text", _told(mean_rho(other.scores)), help=_peer_help(other))
    figure = correlations(best.scores, paper.scores, peers.peers if peers else ())
    alt = "Rank correlation with people on each benchmark, of the vectors here, the paper's and other methods'"
    draw(figure, key="embeddings-correlations", alt=alt)
    if peers and peers.peers:
        told = "; ".join(f"{one.name}: {_above(one)}" for one in peers.peers)
        st.caption(
            f"On how many benchmarks the best vectors here are above other methods on the same text, by the pairs that "
            f"both have. {told}."
        )


def _above(peer: Peer) -> str:
    clearly = sum(row.low is not None and row.low > 0 for row in peer.ours_less)
    below = sum(row.high is not None and row.high < 0 for row in peer.ours_less)
    return f"{peer.above} of {len(peer.ours_less)} (beyond chance {clearly}, below beyond chance {below})"


def _peer_help(peer: Peer) -> str:
    return f"{peer.name}: its options are chosen as ours are, but among its own {len(peer.options)}."


def _told(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"


def offer_to_compare(run: Run) -> None:
    """Offer to judge a run's vectors, with the download of the benchmarks where they are not at hand."""
    words, label = ["similarity", "--", run.name], "Compare with people's judgement"
    try:
        _, missing = at_hand()
    except CorpusMissing:
        missing = list(BENCHMARKS)
    if missing:
        words, label = ["similarity", "--fetch", "--", run.name], "Download the benchmarks and compare"
        st.caption(f"{len(missing)} of the {len(BENCHMARKS)} benchmarks are not at hand: 0.2 MB from github.com.")
    offer(run, words, label, key="similarity")


# Tables ---------------------------------------------------------------------------------------------------------------


def table(best: SimilarityResult, paper: SimilarityResult, peers: Peers | None) -> None:
    """Every benchmark with its pairs and all correlations; what the intervals mean."""
    first = peers.strongest if peers else None
    if peers and first:
        first = one_of("Beside them", {one.name: one for one in peers.peers}, first, key="embeddings-peer")
    alt = "Pairs found and rank correlations of each benchmark"
    tables.show(frame(best, paper, first), columns=_columns(first), key="embeddings-benchmarks", alt=alt)
    st.caption(
        "Other pairs are found in another text, so columns of different texts are not strictly comparable: only the "
        "differences on common pairs are."
    )


def _columns(first: Peer | None) -> tables.Columns:
    rho = "Spearman's rank correlation with people's scores."
    peer: tables.Columns = {} if first is None else {
        first.name: tables.number(_peer_help(first)),
        f"{first.name}: found": tables.whole("Pairs of which it has both words."),
    }  # fmt: skip
    return {
        "benchmark": tables.text(width=120),
        "found": tables.whole("Pairs of which this text has both words."),
        "missing": tables.whole("Pairs of which it lacks a word: they are left out."),
        "best here": tables.number(f"{rho} The 40 best options on one half of the pairs, judged on the other."),
        "95% interval": tables.text("Over pairs drawn anew (bootstrap)."),
        "as the paper": tables.number(f"{rho} The paper's vectors, of the model here."),
        **peer,
        "best less it": tables.number("On the pairs that both have."),
        "its interval": tables.text("95% of that difference; with 0 in it chance alone may have made it."),
        "the paper: found": tables.whole(),
        "the paper": tables.number("Its own model, of the Lancaster-Oslo/Bergen corpus."),
        "Turian 2010": tables.number("The paper's Table 4, where it is called Metaoptimize: vectors of Turian et al."),
        "word2vec": tables.number("The paper's Table 4: skip-gram vectors of Mikolov et al. 2013."),
    }


def frame(found: SimilarityResult, paper: SimilarityResult, first: Peer | None) -> pd.DataFrame:
    """A benchmark a row in the paper's order, then the means; with one method beside the vectors here."""
    best, of_paper = (frame_of(one.scores).set_index("task") for one in (found, paper))
    made = best[["found"]].assign(missing=best["pairs"] - best["found"])
    made["best here"], made["95% interval"] = best["rho"], _intervals(best)
    made["as the paper"] = of_paper["rho"]
    if first:
        theirs, less = (frame_of(rows).set_index("task") for rows in (first.scores, first.ours_less))
        made[first.name], made[f"{first.name}: found"] = theirs["rho"], theirs["found"]
        made["best less it"] = less["difference"]
        made["its interval"] = _intervals(less).reindex(made.index, fill_value="")
    made["the paper: found"] = pd.Series({task: row[0].found for task, row in PAPER.items()})
    for number, name in enumerate(("the paper", "Turian 2010", "word2vec")):
        made[name] = pd.Series({task: row[number].rho for task, row in PAPER.items()})
    counted = [name for name in made if name == "missing" or str(name).endswith("found")]
    mean = made.drop(columns=counted).mean(numeric_only=True)
    return pd.concat([made, mean.to_frame("mean").T]).reset_index(names="benchmark")


def _intervals(scores: pd.DataFrame) -> pd.Series:
    """The intervals for people, empty where there is none; zero without its sign."""
    told = [
        "" if pd.isna(low) or pd.isna(high) else f"{round(low, 2) + 0:.2f} to {round(high, 2) + 0:.2f}"
        for low, high in zip(scores["low"], scores["high"], strict=True)
    ]
    return pd.Series(told, scores.index, dtype=str)


def by_frequency(best: SimilarityResult) -> None:
    """The correlation apart by how often the rarer word of a pair stands in the text."""
    if not best.strata:
        return
    with st.expander("Are rare words worse?"):
        strata = next(iter(best.strata.values()))
        made = pd.DataFrame(
            {"benchmark": task} | {_stratum(one): one.rho if one.found >= ENOUGH else None for one in parts}
            for task, parts in best.strata.items()
        )
        alt = "Rank correlations by how often the rarer word is in the text"
        tables.show(made, columns={_stratum(one): tables.number() for one in strata}, key="embeddings-strata", alt=alt)
        st.caption(
            "Rank correlation of the best vectors over the pairs whose rarer word stands that often in the text; a "
            f"dash where fewer than {ENOUGH} pairs are left."
        )


def _stratum(one: Stratum) -> str:
    return f"{one.least:,} to {one.most:,} times" if one.most is not None else f"{one.least:,} times or more"


# One's own ------------------------------------------------------------------------------------------------------------


def own(kinds: Sequence[tuple[str, Vectors]]) -> None:
    """A benchmark that a person brings, judged by each kind of vectors (title, vectors)."""
    with st.expander("Your own benchmark"):
        file = st.file_uploader(
            "A text file: word, word, score on each line, between tabs, commas or blanks", ["txt", "csv", "tsv"],
            key=_OWN, max_upload_size=2,
        )  # fmt: skip
        if file is None:
            return
        pairs = tried("This file cannot be used.", _read, file)
        if pairs is None:
            return
        scores = frame_of(
            cached(_judged)(file.getvalue(), len(vectors.table), vectors.table.query, vectors.table, pairs)
            for _, vectors in kinds
        )
        made = pd.DataFrame({"vectors": [title for title, _ in kinds], "found": scores["found"]})
        made["missing"], made["correlation"] = scores["pairs"] - scores["found"], scores["rho"]
        made["95% interval"] = _intervals(scores)
        columns = {
            "found": tables.whole("Pairs of which both words are at hand."),
            "missing": tables.whole(),
            "correlation": tables.number("Spearman's rank correlation."),
        }
        tables.show(made, columns=columns, key=f"{_OWN}-table", alt="Your benchmark: pairs found and rank correlations")
        if not all(vectors.whole for _, vectors in kinds):
            st.caption("Only the commonest words are at hand: make the vectors of all words to find more pairs.")


def _read(file: Any) -> Pairs:
    if file.size > LARGEST:
        raise ValueError(f"the file has {file.size:,} bytes: give one of at most {LARGEST:,}")
    return parse_pairs(decode_text(file.getvalue()), "the file")


def _judged(content: bytes, words: int, query: EmbeddingQuery, _table: EmbeddingTable, _pairs: Pairs) -> Score:
    return score(judge(_table, _pairs))
