"""What the paper says of clusters (PROTOCOLS P6 to P11) beside what kept results show. Nothing is computed anew that
takes long; what is not kept counts as not measured.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lstm_core.claims.training import Claim
from lstm_core.clusters.alternatives import Alternatives, read_comparison
from lstm_core.clusters.contents import (
    ClusterRow,
    best_by_tag,
    explained,
    few_word_curve,
    few_word_share,
    table,
    words_of,
)
from lstm_core.clusters.states import NOISE, Clustering, ClusterQuery, read_clustering, text_of
from lstm_core.runs.run import Run
from lstm_core.storage.documents import restored

PAPER_CLUSTERS = {("full", "h"): 67, ("full", "o"): 87, ("whitespace", "h"): 70, ("whitespace", "o"): 77}
PAPER_FEW_WORDS = 0.71
PAPER_GLUED = 0.16
_VERDICTS = {True: "holds", False: "does not hold"}
VERBS = (("would", "could", "should"), ("don't", "won't", "can't"), ("will", "still"))  # P9, apart from each other in o


@dataclass(frozen=True)
class Mark:
    """One thing that P9 asks of the clusters: what was found and whether that is enough."""

    asks: str
    found: str
    holds: bool


def cluster_claims(run: Run) -> list[Claim]:
    """P6 to P11 for a run; those whose clusters are not kept are said to be not measured. Empty for word models.

    Raises ValueError when a kept file is damaged or the text is not at hand.
    """
    if run.kind != "char":
        return []
    kept = {key: read_clustering(run, ClusterQuery(*key)) for key in PAPER_CLUSTERS}  # type: ignore[arg-type]
    texts = {key: text_of(run, found) for key, found in kept.items() if found}
    rows = {key: table(found, texts[key]) for key, found in kept.items() if found}
    claims = [_counts("P6", "full", kept), _counts("P7", "whitespace", kept)]
    if found := kept["full", "h"]:
        claims.append(_one_side(found, texts["full", "h"]))
    blanks = kept["whitespace", "h"]
    if blanks is None:
        return claims
    text, own = texts["whitespace", "h"], rows["whitespace", "h"]
    if compared := read_comparison(run, ClusterQuery()):
        claims.append(_other_parameters(compared))
    claims.append(_few_words(own))
    whole = read_clustering(run, ClusterQuery(tokens=-1))
    whole_book = {mark.asks: mark for mark in _kept_marks(whole)} if whole else {}
    found_marks = [("hidden state", mark) for mark in marks(blanks, text, own)]
    if output := kept["whitespace", "o"]:
        told = output_marks(output, texts["whitespace", "o"], rows["whitespace", "o"])
        found_marks += [("output gate", mark) for mark in told]
    claims += [_claim("P9", where, mark, whole_book) for where, mark in found_marks]
    glued = blanks.facts.get("not_followed_by_whitespace")
    if isinstance(glued, float):
        claims.append(
            Claim(
                "P10",
                "paper, section 4.2",
                "about 16% of the words are not followed by a blank",
                f"{glued:.1%}",
                "words as the Penn Treebank splits them; the editions differ in quotes and dashes",
                abs(glued - PAPER_GLUED) < 0.01,
            )
        )
    claims.append(_claim("P11", "hidden state", two_s(blanks, text, own), whole_book))
    return claims


def all_marks(found: Clustering, text: str) -> list[dict[str, Any]]:
    """All of P9 and P11 of one clustering after words, to be kept with it."""
    rows = table(found, text)
    return [
        asdict(mark) for mark in (*marks(found, text, rows), *output_marks(found, text, rows), two_s(found, text, rows))
    ]


def _kept_marks(found: Clustering) -> tuple[Mark, ...]:
    """Those of `all_marks` that were kept with a clustering, none where they are damaged."""
    try:
        return restored(tuple[Mark, ...], found.facts.get("marks", []), "marks")
    except ValueError:
        return ()


def _claim(name: str, where: str, mark: Mark, whole_book: dict[str, Mark]) -> Claim:
    more = whole_book.get(mark.asks)
    verdict = "" if more is None else f". Hidden state over the whole text ({_VERDICTS[more.holds]}): {more.found}"
    why = "tags by our tagger, no gold; cluster numbers cannot repeat"
    return Claim(name, f"paper, section 4.2, {where}", mark.asks, mark.found + verdict, why, mark.holds)


def _counts(name: str, data: str, kept: dict[tuple[str, str], Clustering | None]) -> Claim:
    paper = [f"{PAPER_CLUSTERS[data, signal]} ({signal})" for signal in "ho"]
    ours = {signal: kept[data, signal] for signal in "ho"}
    told = [
        f"{len(found.persistence)} ({signal}, {found.noise_share:.0%} of the points in none)"
        if found
        else f"not computed ({signal})"
        for signal, found in ours.items()
    ]
    counts = [len(found.persistence) for found in ours.values() if found]
    dozens = all(40 <= count <= 120 for count in counts)
    return Claim(
        name,
        "paper, section 4.1" if data == "full" else "paper, section 4.2",
        f"{data} data: clusters {', '.join(paper)}",
        ", ".join(told),
        "other weights and another edition; we ask for dozens (40 to 120) and for more of o than of h",
        dozens and counts[1] > counts[0] if len(counts) == 2 else None,
    )


def _one_side(found: Clustering, text: str) -> Claim:
    told = explained(found, text, 3)
    scores = told.by_cluster[~np.isnan(told.by_cluster).any(1)]
    only = int(np.sum((scores[:, 1] >= 0.9) & (scores[:, 1] > scores[:, 0])))
    return Claim(
        "P6b",
        "paper, section 4.1",
        "no cluster is explained by the characters that follow it alone",
        f"{only} of {len(scores)} clusters; the three characters read last tell the cluster of {told.past:.0%} of the "
        f"points, the three that follow that of {told.following:.0%}",
        "the cluster that the same characters had in the first half, asked in the second; explained = F1 of .9",
        only == 0 if len(scores) else None,
    )


def _other_parameters(compared: Alternatives) -> Claim:
    others = [
        (row, score)
        for row, score in zip(compared.rows, compared.agreement[0], strict=True)
        if row.name.startswith("HDBSCAN, at least")
    ]
    told = ", ".join(f"{row.clusters} clusters with agreement {score:.2f}" for row, score in others)
    lowest = min((score for _, score in others), default=math.nan)
    stable = min(compared.stability, default=math.nan)
    return Claim(
        "P6c",
        "paper, footnote 6",
        "other parameters gave similar results",
        f"{told}; with {compared.kept:.0%} of the points at least {stable:.2f}",
        "adjusted Rand index over the points that both put into a cluster; similar = .9 at least",
        lowest >= 0.9,
    )


def _few_words(rows: Sequence[ClusterRow]) -> Claim:
    share, curve = few_word_share(rows), dict(few_word_curve(rows))
    return Claim(
        "P8",
        "paper, section 4.2.1",
        "71% of the clusters hold almost entirely one or two words, or what follows punctuation",
        f"{share:.0%} at a cut of 90% of the members; {curve[0.8]:.0%} at 80%, {curve[1.0]:.0%} at 100%",
        "the paper gives no cut; clusters of line breaks alone are left out; we ask for 50% to 90%",
        None if math.isnan(share) else 0.5 <= share <= 0.9,
    )


def marks(found: Clustering, text: str, rows: Sequence[ClusterRow]) -> tuple[Mark, ...]:
    """What P9 asks of the hidden state's clusters after words."""
    kept = [row for row in rows if not row.newline_only]
    return (_modal(kept), _past(kept), _looking(kept), _adjective(kept), _said(found, text, kept))


def output_marks(found: Clustering, text: str, rows: Sequence[ClusterRow]) -> tuple[Mark, ...]:
    """What P9 asks of the output gate's clusters after words."""
    return (_nouns(found, text, [row for row in rows if not row.newline_only]), verbs_apart(found, text))


def _shares(row: ClusterRow) -> dict[str, float]:
    return {share.tag: share.precision for share in row.tags}


def _told(row: ClusterRow) -> str:
    return f"cluster {row.cluster} ({row.size:,} points: {', '.join(word for word, _ in row.words[:4])})"


def _modal(rows: Sequence[ClusterRow]) -> Mark:
    held = [(row, share) for row in rows for share in row.tags if share.tag == "MD" and share.precision >= 0.8]
    total = sum(share.recall for _, share in held)
    best = best_by_tag(rows).get("MD")
    alone = f"; the best has {best.precision:.1%} / {best.recall:.1%}" if best else ""
    return Mark(
        "modal verbs: clusters at least 80% precise that together hold at least 60% (HS-40: 59.2 / 89.9)",
        f"{_counted(len(held))} {total:.1%} of them{alone}",
        total >= 0.6,
    )


def _counted(count: int) -> str:
    return "1 cluster holds" if count == 1 else f"{count} clusters hold"


def _past(rows: Sequence[ClusterRow]) -> Mark:
    return _of_one_tag("VBD", 0.95, rows, "a cluster of past tenses, at least 95% precise (HS-35: 100)")


def _of_one_tag(tag: str, least: float, rows: Sequence[ClusterRow], asks: str) -> Mark:
    """Whether a cluster is so precise; of several the one that is least a matter of one or two words is told."""
    found = [(share.precision, row) for row in rows for share in row.tags if share.tag == tag]
    precision, row = max(
        found, key=lambda one: (one[0] >= least, -one[1].few_words if one[0] >= least else one[0]), default=(0.0, None)
    )
    return Mark(asks, f"{precision:.1%}, {_told(row)}" if row else "none", precision >= least)


def _looking(rows: Sequence[ClusterRow]) -> Mark:
    both = [
        (min(shares.get("VBD", 0), shares.get("VBG", 0)), row)
        for row in rows
        if (shares := _shares(row)) and shares.get("VBD", 0) + shares.get("VBG", 0) >= 0.8
    ]
    least, row = max(both, key=lambda one: one[0], default=(0.0, None))
    shares = _shares(row) if row else {}
    return Mark(
        "one cluster of past tenses and -ing forms (HS-57: VBD 60, VBG 40: looked, looking)",
        f"VBD {shares.get('VBD', 0):.1%}, VBG {shares.get('VBG', 0):.1%}, {_told(row)}" if row else "none",
        least >= 0.1,
    )


def _adjective(rows: Sequence[ClusterRow]) -> Mark:
    return _of_one_tag("JJ", 0.8, rows, "a cluster of adjectives, at least 80% precise (HS-62: 84.4)")


def _nouns(found: Clustering, text: str, rows: Sequence[ClusterRow]) -> Mark:
    words = words_of(found, text)
    held = []
    for row in rows:
        if _shares(row).get("NN", 0) >= 0.9:
            own = [words[point].casefold() for point in np.flatnonzero(found.labels == row.cluster).tolist()]
            ((ending, count),) = Counter(word[-3:] for word in own).most_common(1)
            kinds = len({word for word in own if word.endswith(ending)})
            if count >= len(own) / 2 and kinds > 2:
                held.append(f"-{ending} ({kinds} words)")
    return Mark(
        "clusters of nouns by their ending, at least 90% precise (OG-69: 94.1, OG-74: 95.7)",
        f"{len(held)}: {', '.join(held)}" if held else "none",
        bool(held),
    )


def _said(found: Clustering, text: str, rows: Sequence[ClusterRow]) -> Mark:
    best, best_row, verbs = 0.0, None, 0.0
    for row in rows:
        if (precision := _shares(row).get("VBD", 0)) >= 0.8:
            starts = found.words[found.labels == row.cluster, 0].tolist()
            after = float(np.mean([text[max(start - 9, 0) : start].rstrip()[-1:] in ('"', "”") for start in starts]))
            if after > best:
                best, best_row, verbs = after, row, precision
    return Mark(
        "a cluster of verbs of speech after a closing quotation mark (HS-35)",
        f"{verbs:.1%} VBD, {best:.0%} after a quotation mark, {_told(best_row)}" if best_row else "none",
        best >= 0.5,
    )


def verbs_apart(found: Clustering, text: str) -> Mark:
    """P9 for the output gate: would, could, should apart from don't, won't, can't apart from will, still."""
    words = [word.casefold() for word in words_of(found, text)]
    homes: list[set[int]] = []
    told = []
    for group in VERBS:
        own = Counter(
            label for word, label in zip(words, found.labels.tolist(), strict=True) if word in group and label != NOISE
        )
        total = sum(word in group for word in words)
        most = own.most_common(1)
        homes.append({label for label, count in own.items() if count >= 0.1 * total})
        told.append(
            f"{', '.join(group)}: {most[0][1] / total:.0%} in cluster {most[0][0]}"
            if most
            else f"{', '.join(group)}: noise"
        )
    apart = all(homes) and not any(homes[a] & homes[b] for a in range(3) for b in range(a))
    return Mark(f"{' apart from '.join(', '.join(group) for group in VERBS)}", "; ".join(told), apart)


def two_s(found: Clustering, text: str, rows: Sequence[ClusterRow]) -> Mark:
    """P11: possessive 's (POS) and contractive 's (VBZ) in clusters of their own."""
    words = words_of(found, text)
    is_s = np.array([word in ("'s", "’s") for word in words], bool)
    names = (*found.tag_names, "")
    purities: dict[str, list[float]] = {"POS": [], "VBZ": []}
    for row in rows:
        inside = is_s & (found.labels == row.cluster)
        if inside.sum() >= row.size / 2:
            tag, count = Counter(names[code] for code in found.tags[inside].tolist()).most_common(1)[0]
            purities.setdefault(tag, []).append(count / int(inside.sum()))
    tags = Counter(names[code] for code in found.tags[is_s].tolist())
    shares = [share for one in purities.values() for share in one]
    in_cluster = float(np.mean(found.labels[is_s] != NOISE)) if is_s.any() else math.nan
    return Mark(
        "possessive 's apart from contractive 's",
        f"clusters of possessive 's: {len(purities['POS'])}, of contractive 's: {len(purities['VBZ'])}, purity "
        f"{min(shares, default=math.nan):.0%} or more; of {tags['POS']:,} possessive and {tags['VBZ']:,} contractive "
        f"ones {in_cluster:.0%} are in a cluster",
        bool(purities["POS"] and purities["VBZ"]) and min(shares) >= 0.9,
    )
