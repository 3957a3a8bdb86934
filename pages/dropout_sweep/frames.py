"""A comparison as frames and sentences for people. Pure: knows nothing of Streamlit."""

from collections.abc import Sequence

import pandas as pd

from lstm_core.neurons.compare import Comparison, Trend
from lstm_core.neurons.correlated import Counterpart
from lstm_core.runs.cells import SIGNALS
from lstm_core.stats.permutation import LEAST, SURE


def places(found: Comparison) -> list[tuple[str, int]]:
    """The signals and layers that at least one run has figures of."""
    return list(dict.fromkeys((one.signal, one.layer) for row in found.rows for one in row.activity))


def frame(found: Comparison, texts: Sequence[str]) -> pd.DataFrame:
    """One row a run; `texts`: what each was trained on. What is not at hand is missing."""
    made = []
    for row, text in zip(found.rows, texts, strict=True):
        values = {(one.signal, one.layer): one for one in row.activity}
        line: dict[str, object] = {
            "run": row.run,
            "dropout": row.dropout,
            "seed": row.seed,
            "trained on": text,
            "parameters": row.parameters,
            "epochs": row.epochs,
            "status": row.status,
            score_name(found): row.best,
        }
        for signal, layer in places(found):
            one = values.get((signal, layer))
            line[f"|{signal}{layer}|"] = one.mean_abs if one else None
            line[f"{signal}{layer} near zero"] = one.near_zero_share if one else None
        made.append(line)
    return pd.DataFrame(made)


def score_name(found: Comparison) -> str:
    """The measure for people."""
    return found.measure.replace("_", " ")


def score_sentence(found: Comparison) -> str:
    """Which run guesses best and which worst, where that can be said."""
    scored = [(row.best, row.dropout) for row in found.rows if row.best is not None]
    if len(scored) < 2 or not found.scores_compare:
        return ""
    if found.unfinished:
        return (
            f"{len(found.unfinished)} of {len(found.rows)} runs are not trained to the end: how well they guess says "
            "nothing of dropout yet."
        )
    measure = score_name(found)
    (best, at), (worst, worst_at) = min(scored), max(scored)
    return (
        f"Dropout {at:g} guesses best ({measure} {best:.4g}), dropout {worst_at:g} worst ({worst:.4g}), "
        f"of {len(scored)} runs."
    )


def size_sentence(found: Comparison) -> str:
    """Whether the neurons are quieter with more dropout, by the trends that are told from chance."""
    tested = [trend for trend in found.trends if trend.rho is not None and trend.p is not None]
    if not tested or found.unfinished:
        return ""
    sure = [trend for trend in tested if (trend.p or 0) < SURE]
    falls, rises = sum((one.rho or 0) < 0 for one in sure), sum((one.rho or 0) > 0 for one in sure)
    of = f"of {len(tested)} signals and layers"
    if falls == len(tested):
        return f"The more dropout, the quieter the neurons: their mean size falls in {falls} {of}, beyond chance."
    if rises == len(tested):
        return f"The more dropout, the louder the neurons: their mean size rises in {rises} {of}, beyond chance."
    return f"With dropout the mean size of the neurons falls in {falls} and rises in {rises} {of}, beyond chance."


def trend_frame(found: Comparison) -> pd.DataFrame:
    """One row a signal and layer: whether its mean size rises or falls with dropout, and how surely."""
    return pd.DataFrame(
        {
            "signal": f"{SIGNALS[trend.signal].title} ({trend.signal})",
            "layer": trend.layer,
            "with more dropout": _way(trend),
            "Spearman": trend.rho,
            "p": None if trend.p is None else f"{trend.p:.2g}",
            "runs": trend.runs,
        }
        for trend in found.trends
    )


def _way(trend: Trend) -> str:
    if trend.rho is None or trend.p is None:
        return "cannot be told" + (": at least 3 dropouts are needed" if trend.runs < LEAST else ": all are equal")
    way = "falls" if trend.rho < 0 else "rises" if trend.rho > 0 else "neither falls nor rises"
    return way if trend.p < SURE else f"{way}, but that may be chance"


def match_sentence(found: Counterpart) -> str:
    """Which unit matches, how well, whether it points the other way, and what chance gives."""
    if found.unit is None or found.correlation is None:
        return "no neuron: all have the same value all over the text"
    way = ", the other way round" if found.correlation < 0 else ""
    chance = "" if found.chance is None else f"; by chance {found.chance:.2f}"
    return f"neuron {found.unit}, correlation {found.correlation:+.2f}{way}{chance}"


def names(found: Comparison) -> list[str]:
    """What to call each run: its dropout where that tells the runs apart, else its name."""
    dropouts = [row.dropout for row in found.rows]
    if len(set(dropouts)) == len(dropouts):
        return [f"dropout {dropout:g}" for dropout in dropouts]
    return [row.run for row in found.rows]
