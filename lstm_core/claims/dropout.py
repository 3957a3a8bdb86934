"""What the thesis says of dropout (PROTOCOLS T1, T4, T5, T9) beside a comparison of runs. A verdict over dropout is
that of a permutation test; where the thesis gives no figure, what is asked for is said. Nothing is computed anew.
"""

from collections import Counter
from collections.abc import Sequence

from lstm_core.claims.marks import Told, brackets_claim, quotes_claim, told_apart, told_order
from lstm_core.claims.training import Claim
from lstm_core.clusters.word_map import WordMapQuery, kept_maps, read_map
from lstm_core.neurons.compare import Comparison, Trend
from lstm_core.runs.run import Run
from lstm_core.stats.linkage import joins
from lstm_core.stats.permutation import ENOUGH, SURE, Order

BAND = (90.0, 140.0)  # perplexity, thesis, chapter 5
MODELS = 9  # of the thesis, one a dropout
FULL_SIZE = ("lstm", 2, 2000, 400)  # cell, layers, units, embedding of the thesis
ITS_TEXT = "wikitext-2"
MAP = WordMapQuery("h", 1)  # the groups that section 5.2.1 is about
GROUPS = 100  # the thesis does not say how many; as `wordmap` cuts


def sweep_claims(found: Comparison, runs: Sequence[Run]) -> list[Claim]:
    """T1, T4 and T5 for runs that were compared; empty where fewer than two dropouts are among them, and while one of
    them is not trained to its end."""
    if len({row.dropout for row in found.rows}) < 2 or found.unfinished:
        return []
    signals = dict.fromkeys(trend.signal for trend in found.trends)
    return [_perplexity(found, runs), _near_zero(found), *(_falls(found, signal) for signal in signals)]


# T1: perplexity -------------------------------------------------------------------------------------------------------


def _perplexity(found: Comparison, runs: Sequence[Run]) -> Claim:
    scores = [row.best for row in found.rows if row.best is not None]
    texts = sorted({str(run.config["corpus"].get("name") or "no known text") for run in runs})
    shapes = sorted({run.model_config.architecture for run in runs})
    full = texts == [ITS_TEXT] and {_shape(run) for run in runs} == {FULL_SIZE} and found.measure == "perplexity"
    nine = len({row.dropout for row in found.rows if row.best is not None}) >= MODELS
    seeds = {row.seed for row in found.rows}
    measure = found.measure.replace("_", " ")
    if not scores:
        measured, holds = "no run has a score yet", None
    elif not found.scores_compare:
        measured, holds = "nothing that compares: the runs have different texts or vocabularies", None
    else:
        measured = f"{measure} {min(scores):.4g} to {max(scores):.4g} (n = {len(scores)} runs)"
        holds = None
        if full:
            within = all(BAND[0] <= score <= BAND[1] for score in scores)
            holds = within if nine or not within else None
        else:
            measured = f"nothing that compares: here {measured} on {', '.join(texts)}"
    why = "the same text and size; " + (
        "every dropout with the same seed, where the thesis changed it with the dropout"
        if len(seeds) == 1
        else f"{len(seeds)} seeds"
    )
    why += "" if nine else f"; it is said of {MODELS} dropouts, fewer can only refute it"
    if not full:
        why = (
            f"the band is for WikiText-2 at full size only (embedding 400, two LSTM layers of 2000); these are "
            f"{', '.join(shapes)} on {', '.join(texts)}, so it says nothing about them"
        )
    return Claim(
        "T1",
        "thesis, chapter 5",
        "nine models, dropout 0 to 0.8, two layers of 2000, WikiText-2: perplexity between 90 and 140",
        measured,
        why,
        holds,
    )


def _shape(run: Run) -> tuple[str, int, int, int]:
    config = run.model_config
    return config.cell, config.layers, config.hidden, config.embedding


# T4: units near zero --------------------------------------------------------------------------------------------------


def _near_zero(found: Comparison) -> Claim:
    lines = []
    for signal, layer in dict.fromkeys((one.signal, one.layer) for row in found.rows for one in row.activity):
        counts = [
            f"{round(one.near_zero_share * one.units):,} of {one.units:,} at {row.dropout:g}"
            for row in sorted(found.rows, key=lambda row: row.dropout)
            for one in row.activity
            if (one.signal, one.layer) == (signal, layer) and one.near_zero_share
        ]
        lines.append(f"{signal} of layer {layer}: {', '.join(counts) or 'none at any dropout'}")
    return Claim(
        "T4",
        "thesis, sections 5.1.1 and 5.1.2",
        "sometimes units have more than 90% of their values within ±0.01. The one example, at dropout 0.8: over 17,700 "
        "of 18,000 words from 0 to 0.01 and over 150 from -0.01 to 0. That model has a lot of such units",
        "units with more than 90% within ±0.01: " + "; ".join(lines) if lines else "no run has read the text yet",
        "the thesis counts them for no dropout and gives no figure for “a lot”: hence no verdict. They are set aside "
        "when units are ranked",
        None,
    )


# T5: mean |activation| ------------------------------------------------------------------------------------------------


def _falls(found: Comparison, signal: str) -> Claim:
    trends = [trend for trend in found.trends if trend.signal == signal]
    tested = [trend for trend in trends if trend.p is not None and trend.runs >= ENOUGH]
    holds = None
    if tested and len(tested) == len(trends):
        holds = all(trend.rho is not None and trend.rho < 0 and (trend.p or 0) < SURE for trend in trends)
    few = "" if holds is not None else f"; too few runs for a verdict, at least {ENOUGH} are needed"
    return Claim(
        "T5",
        "thesis, section 5.1.2",
        "the higher the dropout, the lower the mean absolute activation (six models)",
        f"{signal}: {'; '.join(map(told_trend, trends))}{few}",
        "the thesis does not say of which signal and layer, and tests nothing: we ask each layer for a falling rank "
        f"correlation (Spearman) with p below {SURE:g} over all orders of the runs. All read the same tokens",
        holds,
    )


def told_trend(trend: Trend) -> str:
    """ "layer 1: Spearman -0.95 with dropout, p = 0.00033 (n = 9 runs)"."""
    return f"layer {trend.layer}: {told_order(Order(trend.runs, trend.rho, trend.p))}"


# T9: marks on word maps -----------------------------------------------------------------------------------------------


def mapped_query(runs: Sequence[Run]) -> WordMapQuery | None:
    """Of which words and layer most of the runs have a map (h of layer 1), None where fewer than two have one alike."""
    wanted = Counter(
        query
        for run in runs
        if run.kind == "word"
        for query in kept_maps(run)
        if (query.signal, query.layer) == (MAP.signal, MAP.layer)
    )
    query, times = next(iter(wanted.most_common(1)), (None, 0))
    return query if times > 1 else None


def marks(run: Run, query: WordMapQuery) -> Told | None:
    """What the kept map of a run says, cut as `wordmap` cuts it; None where there is no such map."""
    found = read_map(run, query)
    if found is None:
        return None
    labels = joins(found.places, "single").cut_at_most(GROUPS)
    return told_apart(found, labels, run.name, run.model_config.dropout)


def map_claims(found: Sequence[Told]) -> list[Claim]:
    """T9's two statements over dropout, from maps of several dropouts; empty where there are fewer than two."""
    if len({one.dropout for one in found}) < 2:
        return []
    how = f"maps of h of layer 1 in {GROUPS} groups by single linkage, the thesis does not say how many"
    return [brackets_claim(found, how), quotes_claim(found, how)]
