"""What the page Tagging shows of whole texts, as frames. Pure: knows nothing of Streamlit."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lstm_core.runs.cells import CELLS
from lstm_core.tagging.classify import Classification, Poolings
from lstm_core.tagging.settings import POOLINGS, NetworkConfig
from pages.tagging.frames import architecture


def class_frame(found: Sequence[tuple[NetworkConfig, Classification]], most: int = 3) -> pd.DataFrame:
    """The most probable kinds of a text, by classifier."""
    rows = []
    for config, one in found:
        line: dict[str, object] = {"network": architecture(config), "judged by": POOLINGS[config.pooling or "last"]}
        best = np.argsort(-one.probabilities, kind="stable")[:most].tolist()
        line |= dict.fromkeys((f"guess {rank}" for rank in range(1, most + 1)), "")
        for rank, code in enumerate(best, 1):
            line[f"guess {rank}"] = f"{one.names[code].replace('_', ' ')} {one.probabilities[code]:.0%}"
        rows.append(line)
    return pd.DataFrame(rows)


def pooling_frame(found: Poolings) -> pd.DataFrame:
    """The kinds of classifiers with their share of right kinds, beside what needs no network."""
    rows = [
        {
            "network": f"{CELLS[row.cell].kind}, {'both ways' if row.directions == 2 else 'one way'}",
            "judged by": POOLINGS[row.pooling],  # type: ignore[index]
            "right": row.mean,
            "from": row.interval[0],
            "to": row.interval[1],
        }
        for row in found.scored
    ]
    plain = (("words in no order (naive Bayes)", found.words), ("always the commonest kind", found.chance))
    return pd.DataFrame([*rows, *({"network": name, "judged by": "", "right": right} for name, right in plain)])
