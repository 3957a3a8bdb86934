"""What the article says of units on through phrases (PROTOCOLS part A) beside what studies of a run found.

Pure functions of results; knows neither models nor files. A5 and A6 are claims of other studies.
"""

from collections.abc import Sequence

from lstm_core.claims.training import Claim
from lstm_core.neurons.periods import Periods, UnitPeriod
from lstm_core.probes.studies import StudyResult
from lstm_core.probes.verification import Verification, ahead
from lstm_core.stats.false_discovery import FALSE_SHARE
from lstm_core.stats.linear_probe import FEWEST
from lstm_core.stats.separation import Separation

SOURCE = "article"
ARTICLE_MATCHED, ARTICLE_ALONE, ARTICLE_ON_THREE = 63, 7, 6  # units of all its idioms, of one alone, of three
_OTHER_TEXT = "the article: 1,300 neurons of a model of the Wall Street Journal"


def study_claims(
    found: StudyResult, neurons: int, verified: Verification | None = None, twin: Verification | None = None
) -> list[Claim]:
    """A3, A4 and A7 for one study of a run with so many units; those that the study does not ask are left out."""
    claims = []
    if len(found.phrases) > 1:
        claims.append(_idioms(found, neurons))
    if found.study.positive:
        claims.append(_senses(found, twin))
    if verified is not None:
        claims += _vectors(verified, twin)
    return claims


def neuron_wise_claim() -> Claim:
    """A8, which is about tools."""
    return Claim(
        "A8",
        SOURCE,
        "matching by neuron, not by phrase, is no function of LSTMVis",
        "the part “A neuron” of this page and the verb similar-units do it, at any lag",
        "LSTMVis compares what selected neurons do at places; here neurons are compared with each other",
        None,
    )


def period_claim(found: Sequence[Periods], twins: Sequence[Periods] = ()) -> Claim:
    """A9 over some layers of a run, and of its twin where these are at hand; no verdict where there are none."""
    says = "patterns of periodicity were not found"
    why = (
        "a period is a line of the spectrum, a rhythm, which loses step, a hill; chances adjusted for all neurons (at "
        f"most {FALSE_SHARE:.0%} of those so called are not); the article says neither how it looked nor at how many; "
        f"{_OTHER_TEXT}"
    )
    if not found:
        return Claim("A9", SOURCE, says, "not measured", why, None)
    told = f"{_periodic(found)} over {found[0].steps:,} steps"
    if twins:
        told += f"; of the untrained twin {_periodic(twins)}"
    return Claim("A9", SOURCE, says, told, why, not any(one.periodic or one.rhythmic for one in found))


def _periodic(found: Sequence[Periods]) -> str:
    every = sum(len(one.found) for one in found)
    periodic, rhythmic = (sum(len(some) for some in kind) for kind in zip(*map(_both, found), strict=True))
    return f"{periodic:,} of {every:,} neurons are periodic, {rhythmic:,} have a rhythm"


def _both(found: Periods) -> tuple[tuple[UnitPeriod, ...], tuple[UnitPeriod, ...]]:
    return found.periodic, found.rhythmic


def _idioms(found: StudyResult, neurons: int) -> Claim:
    chance = found.expected_by_chance
    share = found.selective / found.matched if found.matched else 0.0
    return Claim(
        "A3",
        SOURCE,
        f"{ARTICLE_MATCHED} neurons are on through idioms, {ARTICLE_ALONE} of them "
        f"({ARTICLE_ALONE / ARTICLE_MATCHED:.0%}) through one alone, {ARTICLE_ON_THREE} "
        f"({ARTICLE_ON_THREE / ARTICLE_MATCHED:.1%}) through three",
        f"{found.matched:,} of {neurons:,} neurons are on through a phrase of the study (at places drawn at random "
        f"{chance.matched:.1f}), {found.selective:,} ({share:.0%}) through one alone (at random "
        f"{chance.selective:.1f}), {found.of_phrases(3):,} through three",
        f"its list of idioms is not published, so these are others; on through at least half of a phrase's places; "
        f"{_OTHER_TEXT}",
        None,
    )


def _senses(found: StudyResult, twin: Verification | None) -> Claim:
    confirmed, few = len(found.confirmed), sum(one.verdict == "too few to tell" for one in found.telling)
    told = (
        f"{found.positives:,} places against {found.negatives:,}: {len(found.telling):,} neurons chosen on the first "
        f"half, {confirmed:,} confirmed on the second (with shuffled kinds {found.expected_by_chance.confirmed:.1f})"
    )
    told += f", {few:,} too few to tell" if few else ""
    told += f"; of the untrained twin {twin.confirmed:,}" if twin is not None else ""
    known = bool(found.telling) and (confirmed > 0 or few < len(found.telling))
    return Claim(
        "A4",
        SOURCE,
        "of 56 neurons on at “weather” 54 tell its idiomatic from its literal use",
        told,
        "the article's neurons were chosen and shown on the same 25 places; here one half of the places chooses and "
        f"the other judges, and the twin must have fewer; this study: {found.study.name}; {_OTHER_TEXT}",
        confirmed > max(found.expected_by_chance.confirmed, twin.confirmed if twin else 0) if known else None,
    )


def _vectors(found: Verification, twin: Verification | None) -> list[Claim]:
    """A7 of a set of words, and of the places that a study tells apart, beside the reader."""
    claims, words, places = [], found.words, found.apart
    says = "principal components of the vectors of the proposed words confirm the feature"
    if words is not None:
        other = None if twin is None or twin.words is None else twin.words.apart
        told = f"{2 * len(words.words)} vectors of words: {_apart(words.apart, other)}"
        if words.nothing is not None:
            told += f"; where there is nothing {words.nothing.between:.1%} (p {words.nothing.chance:.2g})"
        why = (
            "against words of the same part of speech that are as frequent, with kinds dealt anew; the article shows "
            "no others"
        )
        claims.append(Claim("A7", SOURCE, says, told, why, _holds(words.apart, other)))
    if places is not None:
        other = None if twin is None else twin.apart
        told = f"{len(places.first):,} places: {_apart(places, other)}{_reader(found, twin)}"
        why = "places in place of words; kinds shifted along the text, for neighbouring places are alike"
        few = min(found.counts) < FEWEST
        claims.append(Claim("A7", SOURCE, says, told, why, None if few else _holds(places, other)))
    return claims


def _apart(found: Separation, twin: Separation | None) -> str:
    told = f"{found.between:.1%} of their spread on two components lies between the kinds (p {found.chance:.2g})"
    return told if twin is None else f"{told}; untrained twin {twin.between:.1%} (p {twin.chance:.2g})"


def _holds(found: Separation, twin: Separation | None) -> bool:
    """Apart beyond chance, and farther than in the untrained twin where that is at hand."""
    return found.chance <= FALSE_SHARE and (twin is None or found.between > twin.between)


def _reader(found: Verification, twin: Verification | None) -> str:
    if found.reader is None:
        return ""
    told = f"; a linear reader tells {found.reader.accuracy:.0%} of them rightly"
    if found.reader.control is not None:
        told += f", with labels dealt by {found.dealt_by} {found.reader.control.accuracy:.0%}"
    if (lead := ahead(found, twin)) is not None:
        told += f", {100 * lead[0]:+.0f} points beside the untrained twin (p {lead[1]:.2g})"
    return told
