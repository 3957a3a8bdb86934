"""What clusters hold: their words, parts of speech, punctuation and characters, with precision and recall.

Pure functions of a clustering and the text it was made of; knows nothing of models or pages. P points, C clusters.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.clusters.states import NOISE, Clustering

ALMOST = 0.9  # "almost entirely" (paper, section 4.2.1): at least this share of the members
CUTS = tuple(round(0.5 + 0.05 * step, 2) for step in range(11))
SHOWN = 5  # words and characters listed of a cluster


@dataclass(frozen=True)
class TagShare:
    """One part of speech in one cluster. `precision`: share of the members that have it; `recall`: share of all points
    with it, noise included, that are members. Both in [0, 1]."""

    tag: str
    cluster: int
    size: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of the two, 0 where both are."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True)
class ClusterRow:
    """One cluster. Shares are of its members, in [0, 1].

    `words`: the commonest words before the blank, case ignored; `two_words`: share of the members with one of the two
    commonest. `punctuation`: share after a punctuation mark. `line_breaks`: share that are line breaks. `tags`: all
    parts of speech that occur, by falling precision. `characters` and `following`: the commonest characters at the
    point and after it. `strength`: mean membership; `persistence`: hdbscan's stability.
    """

    cluster: int
    size: int
    strength: float
    persistence: float
    words: tuple[tuple[str, float], ...]
    two_words: float
    punctuation: float
    line_breaks: float
    tags: tuple[TagShare, ...]
    characters: tuple[tuple[str, float], ...]
    following: tuple[tuple[str, float], ...]

    @property
    def newline_only(self) -> bool:
        """Nearly all members are line breaks: layout, left out of the shares of clusters and of the best by tag."""
        return self.line_breaks >= ALMOST

    @property
    def few_words(self) -> float:
        """How far one or two words, or the punctuation before, determine the cluster: the larger of the two shares."""
        return max(self.two_words, self.punctuation)


@dataclass(frozen=True)
class Excerpt:
    """A member in its text: `before`, the character `at` the point, `after`."""

    point: int
    position: int
    before: str
    at: str
    after: str


def table(found: Clustering, text: str) -> tuple[ClusterRow, ...]:
    """One row a cluster, by number. `text` is what was read: the clustering's positions index it."""
    words = words_of(found, text)
    whole = np.bincount(found.tags[found.tags >= 0], minlength=len(found.tag_names))
    order = np.argsort(found.labels, kind="stable")
    ends = np.searchsorted(found.labels[order], np.arange(len(found.persistence) + 1))
    rows = []
    for cluster, (start, stop) in enumerate(pairwise(ends.tolist())):
        members = order[start:stop]
        size, places = len(members), found.positions[members].tolist()
        at = [text[place] for place in places]
        own = [words[member] for member in members.tolist()] if words else []
        counted = Counter(word.casefold() for word in own if word).most_common()
        rows.append(
            ClusterRow(
                cluster=cluster,
                size=size,
                strength=float(found.strength[members].mean()),
                persistence=float(found.persistence[cluster]),
                words=tuple((word, count / size) for word, count in counted[:SHOWN]),
                two_words=sum(count for _, count in counted[:2]) / size,
                punctuation=sum(is_punctuation(word) for word in own) / size,
                line_breaks=sum(character == "\n" for character in at) / size,
                tags=_tags(found, cluster, members, whole),
                characters=_commonest(at),
                following=_commonest([text[place + 1 : place + 2] for place in places]),
            )
        )
    return tuple(rows)


def _tags(found: Clustering, cluster: int, members: NDArray[np.intp], whole: NDArray[np.int64]) -> tuple[TagShare, ...]:
    if not len(found.tags):
        return ()
    codes = found.tags[members]
    counts = np.bincount(codes[codes >= 0], minlength=len(found.tag_names))
    order, times, everywhere, size = np.argsort(-counts, kind="stable"), counts.tolist(), whole.tolist(), len(members)
    return tuple(
        TagShare(found.tag_names[code], cluster, size, times[code] / size, times[code] / everywhere[code])
        for code in order.tolist()
        if times[code]
    )


def _commonest(values: Sequence[str]) -> tuple[tuple[str, float], ...]:
    return tuple((value, count / len(values)) for value, count in Counter(values).most_common(SHOWN))


def words_of(found: Clustering, text: str) -> list[str]:
    """The word before each point, "" where there is none; an empty list for full data."""
    return [text[start:stop] for start, stop in found.words.tolist()]


def is_punctuation(word: str) -> bool:
    """A token without any letter or digit; no token is none."""
    return bool(word) and not any(character.isalnum() for character in word)


def best_by_tag(rows: Sequence[ClusterRow]) -> dict[str, TagShare]:
    """For every part of speech the cluster that tells it best, by F1; layout clusters cannot."""
    best: dict[str, TagShare] = {}
    for row in rows:
        for share in () if row.newline_only else row.tags:
            if share.tag not in best or share.f1 > best[share.tag].f1:
                best[share.tag] = share
    return dict(sorted(best.items(), key=lambda item: -item[1].f1))


def few_word_share(rows: Sequence[ClusterRow], cut: float = ALMOST) -> float:
    """Share of the clusters that hold one or two words, or what follows punctuation, to at least `cut`; NaN of none."""
    kept = [row for row in rows if not row.newline_only]
    return sum(row.few_words >= cut for row in kept) / len(kept) if kept else float("nan")


def few_word_curve(rows: Sequence[ClusterRow]) -> tuple[tuple[float, float], ...]:
    """That share for every one of CUTS."""
    return tuple((cut, few_word_share(rows, cut)) for cut in CUTS)


def members(found: Clustering, text: str, cluster: int, count: int = 12, seed: int = 0) -> tuple[Excerpt, ...]:
    """A uniform sample of a cluster's members (NOISE for points in none), in the order of the text.

    Raises ValueError for a cluster that is not there.
    """
    if not NOISE <= cluster < len(found.persistence):
        raise ValueError(
            f"there is no cluster {cluster}: choose 0 to {len(found.persistence) - 1}, or {NOISE} for noise"
        )
    points = np.flatnonzero(found.labels == cluster)
    chosen = np.sort(np.random.default_rng(seed).permutation(points)[:count])
    return tuple(excerpt(found, text, point) for point in chosen.tolist())


def excerpt(found: Clustering, text: str, point: int) -> Excerpt:
    """A point with the 40 characters before it and the 20 after."""
    place = int(found.positions[point])
    return Excerpt(point, place, text[max(place - 40, 0) : place], text[place], text[place + 1 : place + 21])


def summary(found: Clustering, text: str) -> dict[str, Any]:
    """The figures of a clustering, for the command line: what was asked, how many clusters, how well they tell tags."""
    rows = table(found, text)
    return {
        "run": found.run,
        **asdict(found.query),
        "span": found.span,
        "points": len(found.labels),
        "clusters": len(rows),
        "line_break_clusters": sum(row.newline_only for row in rows),
        "noise_share": found.noise_share,
        "few_word_share": few_word_share(rows),
        "few_word_curve": dict(few_word_curve(rows)),
        "best_by_tag": {
            tag: {name: getattr(share, name) for name in ("cluster", "precision", "recall", "size", "f1")}
            for tag, share in best_by_tag(rows).items()
        },
        **found.facts,
    }


@dataclass(frozen=True)
class Explained:
    """How well the labels follow from the characters around the points alone, for contexts of `length` characters.

    Of the points in a cluster in the second half of the text: the share whose cluster is the commonest one that the
    same characters had in the first half. `past` ends with the character at the point, `following` begins after it.
    `by_cluster` (C, 2): F1 of that guess for each cluster, from the past and from what follows; NaN where a cluster has
    no member in the second half.
    """

    length: int
    past: float
    following: float
    by_cluster: NDArray[np.float64]


def explained(found: Clustering, text: str, length: int) -> Explained:
    """Whether clusters tell what was read or only what comes (paper, section 4.1)."""
    half = len(found.positions) // 2
    sides = [
        [text[max(place - length + 1, 0) : place + 1] for place in found.positions.tolist()],
        [text[place + 1 : place + 1 + length] for place in found.positions.tolist()],
    ]
    right, scores = [], np.full((len(found.persistence), 2), np.nan)
    truth = found.labels[half:]
    for side, contexts in enumerate(sides):
        seen: dict[str, Counter[int]] = {}
        for context, label in zip(contexts[:half], found.labels[:half].tolist(), strict=True):
            seen.setdefault(context, Counter())[label] += 1
        usual = {context: labels.most_common(1)[0][0] for context, labels in seen.items()}
        guess = np.array([usual.get(context, NOISE) for context in contexts[half:]])
        inside = truth != NOISE
        right.append(float(np.mean(guess[inside] == truth[inside])) if inside.any() else float("nan"))
        for cluster in range(len(scores)):
            real, told = truth == cluster, guess == cluster
            if real.any():
                scores[cluster, side] = 2 * np.sum(real & told) / (real.sum() + told.sum())
    return Explained(length, right[0], right[1], scores)
