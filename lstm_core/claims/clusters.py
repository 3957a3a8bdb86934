"""What the paper says of clusters (PROTOCOLS P6 to P11) beside what kept results show.

What is not kept counts as not measured. Results are read: what an older version added to them is read too.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from lstm_core.claims.claim import CLAIMS, MEASURES, Claim, Verdict, measures
from lstm_core.clusters import contents
from lstm_core.clusters.alternatives import Alternatives, read_comparison
from lstm_core.clusters.contents import ClusterRow
from lstm_core.clusters.states import NOISE, Clustering, ClusterQuery, read_clustering, text_of
from lstm_core.runs.run import Run

PAPER_CLUSTERS: dict[tuple[str, str], int] = {
    (CLAIMS[name].figures["kind"], signal): CLAIMS[name].figures[signal] for name in ("P6", "P7") for signal in "ho"
}
PAPER_FEW_WORDS: float = CLAIMS["P8"].figures["share"]
VERBS = (("would", "could", "should"), ("don't", "won't", "can't"), ("will", "still"))  # P9, apart from each other in o
# What is asked of the hidden state's clusters after words, and of the output gate's.
HIDDEN = ("P9-modal", "P9-past", "P9-looking", "P9-adjective", "P9-said")
OUTPUT = ("P9-nouns", "P9-verbs")
MARKS = (*HIDDEN, *OUTPUT, "P11")
_VERDICTS = {True: "holds", False: "does not hold"}

Kept = dict[tuple[str, str], Clustering | None]


@dataclass(frozen=True, eq=False)
class After:
    """Clusters of the points after words, with their text."""

    found: Clustering
    text: str

    @cached_property
    def rows(self) -> list[ClusterRow]:
        """What they hold, but for those of line breaks alone."""
        return [row for row in contents.table(self.found, self.text) if not row.newline_only]

    @cached_property
    def words(self) -> list[str]:
        """The word before each point."""
        return [word.casefold() for word in contents.words_of(self.found, self.text)]


def cluster_claims(run: Run) -> list[Verdict]:
    """P6 to P11 for a run; those whose clusters are not kept are said to be not measured. Empty for word models.

    Raises ValueError when a kept file is damaged or the text is not at hand.
    """
    if run.kind != "char":
        return []
    kept: Kept = {key: read_clustering(run, ClusterQuery(*key)) for key in PAPER_CLUSTERS}  # type: ignore[arg-type]
    claims = [_full(kept), _whitespace(kept)]
    if found := kept["full", "h"]:
        claims.append(_one_side(found, text_of(run, found)))
    blanks, output = kept["whitespace", "h"], kept["whitespace", "o"]
    if blanks is None:
        return claims
    if compared := read_comparison(run, ClusterQuery()):
        claims.append(_other_parameters(compared))
    words = After(blanks, text_of(run, blanks))
    claims.append(_few_words(words.rows))
    if isinstance(glued := blanks.facts.get("not_followed_by_whitespace"), float):
        claims.append(_glued(glued))
    marks = {name: MEASURES[name](words) for name in (*HIDDEN, "P11")}
    if output:
        marks |= marks_of(output, text_of(run, output), OUTPUT)
    whole = _over_the_whole_text(run)
    return claims + [
        replace(marks[name], measured=marks[name].measured + whole.get(name, "")) for name in MARKS if name in marks
    ]


def marks_of(found: Clustering, text: str, names: Sequence[str] = MARKS) -> dict[str, Verdict]:
    """P9 and P11 of one clustering after words, by row."""
    words = After(found, text)
    return {name: MEASURES[name](words) for name in names}


def told_marks(found: Clustering, text: str) -> list[dict[str, Any]]:
    """The same for the command line: what each asks, what is found and whether that is enough."""
    asked = {name: CLAIMS[name].holds.format(**CLAIMS[name].figures) for name in MARKS}
    return [
        {"asks": f"{one.says}: {asked[name]}", "found": one.measured, "holds": one.holds}
        for name, one in marks_of(found, text).items()
    ]


def _over_the_whole_text(run: Run) -> dict[str, str]:
    """What is found of MARKS over the whole text and whether it holds; empty where no such clusters are kept.

    Older versions kept that with the clusters, in this order. Elsewhere it is measured now, which takes seconds.
    """
    whole = read_clustering(run, ClusterQuery(tokens=-1))
    if whole is None:
        return {}
    try:
        found = [(mark["found"], _VERDICTS[mark["holds"]]) for mark in whole.facts["marks"]]
    except (TypeError, LookupError):
        marks = marks_of(whole, text_of(run, whole))
        found = [(one.measured, _VERDICTS[bool(one.holds)]) for one in marks.values()]
    return {
        name: f". Hidden state over the whole text ({holds}): {told}"
        for name, (told, holds) in zip(MARKS, found, strict=False)
    }


def _counts(claim: Claim, kept: Kept) -> Verdict:
    ours = {signal: kept[claim.figures["kind"], signal] for signal in "ho"}
    told = [
        f"{len(found.persistence)} ({signal}, {found.noise_share:.0%} of the points in none)"
        if found
        else f"not computed ({signal})"
        for signal, found in ours.items()
    ]
    counts = [len(found.persistence) for found in ours.values() if found]
    dozens = all(40 <= count <= 120 for count in counts)
    return claim.judged(", ".join(told), dozens and counts[1] > counts[0] if len(counts) == 2 else None)


_full, _whitespace = measures("P6")(_counts), measures("P7")(_counts)


@measures("P6b")
def _one_side(claim: Claim, found: Clustering, text: str) -> Verdict:
    told = contents.explained(found, text, 3)
    scores = told.by_cluster[~np.isnan(told.by_cluster).any(1)]
    only = int(np.sum((scores[:, 1] >= claim.figures["explained"]) & (scores[:, 1] > scores[:, 0])))
    measured = (
        f"{only} of {len(scores)} clusters; the three characters read last tell the cluster of {told.past:.0%} of the "
        f"points, the three that follow that of {told.following:.0%}"
    )
    return claim.judged(measured, only == 0 if len(scores) else None)


@measures("P6c")
def _other_parameters(claim: Claim, compared: Alternatives) -> Verdict:
    others = [
        (row, score)
        for row, score in zip(compared.rows, compared.agreement[0], strict=True)
        if row.name.startswith("HDBSCAN, at least")
    ]
    told = ", ".join(f"{row.clusters} clusters with agreement {score:.2f}" for row, score in others)
    lowest = min((score for _, score in others), default=math.nan)
    stable = min(compared.stability, default=math.nan)
    measured = f"{told}; with {compared.kept:.0%} of the points at least {stable:.2f}"
    return claim.judged(measured, lowest >= claim.figures["similar"])


@measures("P8")
def _few_words(claim: Claim, rows: Sequence[ClusterRow]) -> Verdict:
    share, curve = contents.few_word_share(rows), dict(contents.few_word_curve(rows))
    told = f"{share:.0%} at a cut of 90% of the members; {curve[0.8]:.0%} at 80%, {curve[1.0]:.0%} at 100%"
    return claim.judged(told, None if math.isnan(share) else 0.5 <= share <= 0.9)


@measures("P10")
def _glued(claim: Claim, share: float) -> Verdict:
    return claim.judged(f"{share:.1%}", abs(share - claim.figures["share"]) < claim.figures["off"])


# Marks of grammar: clusters after words -------------------------------------------------------------------------------


def _shares(row: ClusterRow) -> dict[str, float]:
    return {share.tag: share.precision for share in row.tags}


def _told(row: ClusterRow) -> str:
    return f"cluster {row.cluster} ({row.size:,} points: {', '.join(word for word, _ in row.words[:4])})"


@measures("P9-modal")
def _modal(claim: Claim, after: After) -> Verdict:
    bound = claim.figures
    held = [
        share for row in after.rows for share in row.tags if share.tag == "MD" and share.precision >= bound["precise"]
    ]
    total = sum(share.recall for share in held)
    best = contents.best_by_tag(after.rows).get("MD")
    alone = f"; the best has {best.precision:.1%} / {best.recall:.1%}" if best else ""
    counted = "1 cluster holds" if len(held) == 1 else f"{len(held)} clusters hold"
    return claim.judged(f"{counted} {total:.1%} of them{alone}", total >= claim.figures["held"])


def _of_one_tag(claim: Claim, after: After) -> Verdict:
    """Whether a cluster is so precise; of several the one that is least a matter of one or two words is told."""
    tag, least = claim.figures["tag"], claim.figures["precise"]
    held = [(share.precision, row) for row in after.rows for share in row.tags if share.tag == tag]
    precision, row = max(
        held, key=lambda one: (one[0] >= least, -one[1].few_words if one[0] >= least else one[0]), default=(0.0, None)
    )
    return claim.judged(f"{precision:.1%}, {_told(row)}" if row else "none", precision >= least)


measures("P9-past")(_of_one_tag)
measures("P9-adjective")(_of_one_tag)


@measures("P9-looking")
def _looking(claim: Claim, after: After) -> Verdict:
    both = [
        (min(shares.get("VBD", 0), shares.get("VBG", 0)), row)
        for row in after.rows
        if (shares := _shares(row)) and shares.get("VBD", 0) + shares.get("VBG", 0) >= 0.8
    ]
    least, row = max(both, key=lambda one: one[0], default=(0.0, None))
    shares = _shares(row) if row else {}
    told = f"VBD {shares.get('VBD', 0):.1%}, VBG {shares.get('VBG', 0):.1%}, {_told(row)}" if row else "none"
    return claim.judged(told, least >= 0.1)


@measures("P9-said")
def _said(claim: Claim, after: After) -> Verdict:
    best, best_row, verbs = 0.0, None, 0.0
    for row in after.rows:
        if (precision := _shares(row).get("VBD", 0)) >= 0.8:
            starts = after.found.words[after.found.labels == row.cluster, 0].tolist()
            before = [after.text[max(start - 9, 0) : start].rstrip()[-1:] for start in starts]
            share = float(np.mean([mark in ('"', "”") for mark in before]))
            if share > best:
                best, best_row, verbs = share, row, precision
    told = f"{verbs:.1%} VBD, {best:.0%} after a quotation mark, {_told(best_row)}" if best_row else "none"
    return claim.judged(told, best >= 0.5)


@measures("P9-nouns")
def _nouns(claim: Claim, after: After) -> Verdict:
    held = []
    for row in after.rows:
        if _shares(row).get("NN", 0) >= claim.figures["precise"]:
            own = [after.words[point] for point in np.flatnonzero(after.found.labels == row.cluster).tolist()]
            ((ending, count),) = Counter(word[-3:] for word in own).most_common(1)
            kinds = len({word for word in own if word.endswith(ending)})
            if count >= len(own) / 2 and kinds > 2:
                held.append(f"-{ending} ({kinds} words)")
    return claim.judged(f"{len(held)}: {', '.join(held)}" if held else "none", bool(held))


@measures("P9-verbs")
def _verbs_apart(claim: Claim, after: After) -> Verdict:
    homes: list[set[int]] = []
    told = []
    for group in VERBS:
        labels = [label for word, label in zip(after.words, after.found.labels.tolist(), strict=True) if word in group]
        own = Counter(label for label in labels if label != NOISE)
        homes.append({label for label, count in own.items() if count >= 0.1 * len(labels)})
        most = own.most_common(1)
        home = f"{most[0][1] / len(labels):.0%} in cluster {most[0][0]}" if most else "noise"
        told.append(f"{', '.join(group)}: {home}")
    apart = all(homes) and not any(homes[a] & homes[b] for a in range(3) for b in range(a))
    return claim.judged("; ".join(told), apart)


@measures("P11")
def _two_s(claim: Claim, after: After) -> Verdict:
    """Possessive 's (POS) and contractive 's (VBZ) in clusters of their own."""
    found = after.found
    is_s = np.array([word in ("'s", "’s") for word in after.words], bool)
    names = (*found.tag_names, "")
    purities: dict[str, list[float]] = {"POS": [], "VBZ": []}
    for row in after.rows:
        inside = is_s & (found.labels == row.cluster)
        if inside.sum() >= row.size / 2:
            tag, count = Counter(names[code] for code in found.tags[inside].tolist()).most_common(1)[0]
            purities.setdefault(tag, []).append(count / int(inside.sum()))
    tags = Counter(names[code] for code in found.tags[is_s].tolist())
    shares = [share for one in purities.values() for share in one]
    in_cluster = float(np.mean(found.labels[is_s] != NOISE)) if is_s.any() else math.nan
    told = (
        f"clusters of possessive 's: {len(purities['POS'])}, of contractive 's: {len(purities['VBZ'])}, purity "
        f"{min(shares, default=math.nan):.0%} or more; of {tags['POS']:,} possessive and {tags['VBZ']:,} contractive "
        f"ones {in_cluster:.0%} are in a cluster"
    )
    pure = bool(purities["POS"] and purities["VBZ"]) and min(shares) >= claim.figures["pure"]
    return claim.judged(told, pure)
