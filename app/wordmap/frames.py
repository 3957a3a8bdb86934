"""Groups of a map as tables, files and sentences for people. Pure: knows nothing of Streamlit.

A table is a list of lines, each a value by column name. Shares are in [0, 1].
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.clusters.frames import table_csv
from app.wordmap.canvas import visible
from lstm_core.claims.word_map import is_found
from lstm_core.clusters.word_groups import FREQUENT, PRINTED, TABLE_5_1, Group, GroupMatch, Labels, Word
from lstm_core.clusters.word_map import WordMap

Lines = list[dict[str, object]]
TIGHT = 0.9  # share of a group that words which are nearly only there make up where it is shown first
NAMED = 40  # groups whose commonest words are written on the map, where they find room


def chosen_groups(rows: Sequence[Group], *, least: int = 0, word: str = "") -> tuple[Group, ...]:
    """The groups that pass the filters: of at least that size, and holding that word, capital letters or not."""
    asked = word.strip().casefold()
    kept = [row for row in rows if row.size >= least]
    if not asked:
        return tuple(kept)
    return tuple(row for row in kept if any(visible(one.word).casefold() == asked for one in row.words))


def group_lines(rows: Sequence[Group], word: str = "") -> Lines:
    """One line a group; with how often a word that is filtered by stands there and which share of it that is."""
    asked = word.strip().casefold()
    lines: Lines = []
    for row in rows:
        line: dict[str, object] = {
            "group": row.number,
            "size": row.size,
            "different": len(row.words),
            "words": listed(row),
        }
        if asked:
            own = [one for one in row.words if visible(one.word).casefold() == asked]
            line |= {"of it": sum(one.times for one in own)}
        lines.append(line)
    return lines


def listed(row: Group, count: int = PRINTED) -> str:
    """The commonest words of a group in one line."""
    more = len(row.words) - count
    return ", ".join(visible(one.word) for one in row.words[:count]) + (f", and {more:,} more" if more > 0 else "")


def word_lines(row: Group) -> Lines:
    """The words of one group by frequency."""
    return [
        {"word": visible(one.word), "times": one.times, "share of all its times": one.share}
        for one in row.words
    ]  # fmt: skip


def names(rows: Sequence[Group]) -> list[tuple[int, str]]:
    """What is written on the map: two words of each of the largest groups, those that are more there than elsewhere."""
    found = []
    for row in rows[:NAMED]:
        own = [one.word for one in row.words if one.share > 0.5][:2] or [row.words[0].word]
        found.append((row.number, ", ".join(map(_readable, own))))
    return found


def _readable(word: str) -> str:
    """A word among dots: a mark alone, which is as small as they are, stands in quotation marks."""
    return visible(word) if any(map(str.isalnum, word)) else f"“{visible(word)}”"


def example(rows: Sequence[Group]) -> Group | None:
    """The group that shows best what the map is about: small, with several words that are nearly only there."""
    fitting = [row for row in rows if row.number and len(home(row)) >= 3]
    tight = [row for row in fitting if sum(one.times for one in home(row)) >= TIGHT * row.size]
    return max(tight or fitting, key=lambda row: len(home(row)), default=None)


def home(row: Group) -> list[Word]:
    """The words of a group that stand nearly only there, by frequency."""
    return [one for one in row.words if one.share >= 0.8 and one.times >= FREQUENT and one.word[0].isalpha()]


def sentence(rows: Sequence[Group], words: int) -> str:
    """What a map shows, in one sentence."""
    best = example(rows)
    if best is None:
        return f"{words:,} words of a text, near each other where the network was in a like state when it read them."
    own = "”, “".join(one.word for one in home(best)[:5])
    return f"To this network “{own}” are alike: group {best.number}, {best.size:,} of the {words:,} words on the map."


def lasso_lines(found: WordMap, labels: Labels, inside: NDArray[np.bool_]) -> Lines:
    """The words in a lasso by frequency, with the share of all their times and the groups they stand in."""
    total = found.times
    counted = np.bincount(found.words[inside], minlength=len(total))
    groups: dict[int, Counter[int]] = {}
    for word, label in zip(found.words[inside].tolist(), labels[inside].tolist(), strict=True):
        groups.setdefault(word, Counter())[label] += 1
    order = np.lexsort((np.arange(len(total)), -counted))
    return [
        {
            "word": visible(found.types[word]),
            "times": int(counted[word]),
            "share of all its times": float(counted[word] / total[word]),
            "groups": ", ".join(str(group) for group, _ in groups[word].most_common(5)),
        }
        for word in order[: int((counted > 0).sum())].tolist()
    ]


def words_csv(found: WordMap, labels: Labels, inside: NDArray[np.bool_] | None = None) -> str:
    """Every word of a map, or those `inside`, one a line in the order of the text: position, word, group, place."""
    at = np.arange(len(labels)) if inside is None else np.flatnonzero(inside)
    return table_csv(
        [
            {
                "position": int(found.positions[one]),
                "word": found.types[found.words[one]],
                "group": int(labels[one]),
                "x": round(float(found.places[one, 0]), 4),
                "y": round(float(found.places[one, 1]), 4),
            }
            for one in at.tolist()
        ]
    )


def list_lines(lists: Sequence[GroupMatch]) -> Lines:
    """Table 5.1 beside the groups most like its lists."""
    verdicts = {True: "found", False: "not found", None: "cannot be told"}
    return [
        {
            "list": row.name,
            "the thesis": ", ".join(TABLE_5_1[row.name]),
            "here": ", ".join(map(visible, row.words)),
            "group": row.group,
            "Jaccard": row.jaccard,
            "by chance": row.chance,
            "so it is": verdicts[is_found(row)],
        }
        for row in lists
    ]
