"""What the page Tagging shows of whole texts, as lines of its tables. Pure: knows nothing of Streamlit."""

from collections.abc import Sequence

import numpy as np

from app.tagging.frames import CELLS, Lines, architecture
from lstm_core.tagging.classify import Classification, Poolings
from lstm_core.tagging.settings import POOLINGS, NetworkConfig


def class_lines(found: Sequence[tuple[NetworkConfig, Classification]], most: int = 3) -> Lines:
    """The most probable kinds of a text, by classifier."""
    lines: Lines = []
    for config, one in found:
        line: dict[str, object] = {"network": architecture(config), "judged by": POOLINGS[config.pooling or "last"]}
        best = np.argsort(-one.probabilities, kind="stable")[:most].tolist()
        line |= dict.fromkeys((f"guess {rank}" for rank in range(1, most + 1)), "")
        for rank, code in enumerate(best, 1):
            line[f"guess {rank}"] = f"{one.names[code].replace('_', ' ')} {one.probabilities[code]:.0%}"
        lines.append(line)
    return lines


def pooling_lines(found: Poolings) -> Lines:
    """The kinds of classifiers with their share of right kinds, beside what needs no network."""
    lines: Lines = [
        {
            "network": f"{CELLS[row.cell]}, {'both ways' if row.directions == 2 else 'one way'}",
            "judged by": POOLINGS[row.pooling],  # type: ignore[index]
            "right": row.mean,
            "from": row.interval[0],
            "to": row.interval[1],
        }
        for row in found.scored
    ]
    lines.append(
        {"network": "words in no order (naive Bayes)", "judged by": "", "right": found.words, "from": None, "to": None}
    )
    lines.append(
        {"network": "always the commonest kind", "judged by": "", "right": found.chance, "from": None, "to": None}
    )
    return lines
