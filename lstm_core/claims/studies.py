"""What the article says of units on through phrases (PROTOCOLS part A) beside what studies of a run found.

Pure functions of results; knows neither models nor files. A5 and A6 are claims of other studies.
"""

from collections.abc import Sequence

from lstm_core.claims.claim import Claim, Verdict, measures
from lstm_core.neurons.periods import FALSE_SHARE, Periods
from lstm_core.probes.studies import StudyResult
from lstm_core.probes.verification import Verification, ahead
from lstm_core.stats.linear_probe import FEWEST
from lstm_core.stats.separation import Separation


def study_claims(
    found: StudyResult, neurons: int, verified: Verification | None = None, twin: Verification | None = None
) -> list[Verdict]:
    """A3, A4 and A7 for one study of a run with so many units; those that the study does not ask are left out."""
    claims = []
    if len(found.phrases) > 1:
        claims.append(_idioms(found, neurons))
    if found.study.positive:
        claims.append(_senses(found, twin))
    if verified is not None and verified.words is not None:
        claims.append(_words(verified, twin))
    if verified is not None and verified.apart is not None:
        claims.append(_places(verified, twin))
    return claims


@measures("A8")
def neuron_wise_claim(claim: Claim) -> Verdict:
    """Which is about tools."""
    return claim.judged("the part “A neuron” of this page and the verb similar-units do it, at any lag", None)


@measures("A9")
def period_claim(claim: Claim, found: Sequence[Periods], twins: Sequence[Periods] = ()) -> Verdict:
    """Over some layers of a run, and of its twin where these are at hand; no verdict where there are none."""
    if not found:
        return claim.judged("not measured", None, false=FALSE_SHARE)
    told = f"{_periodic(found)} over {found[0].steps:,} steps"
    if twins:
        told += f"; of the untrained twin {_periodic(twins)}"
    return claim.judged(told, not any(one.periodic or one.rhythmic for one in found), false=FALSE_SHARE)


def _periodic(found: Sequence[Periods]) -> str:
    every, periodic, rhythmic = (
        sum(map(len, some)) for some in zip(*((one.found, one.periodic, one.rhythmic) for one in found), strict=True)
    )
    return f"{periodic:,} of {every:,} neurons are periodic, {rhythmic:,} have a rhythm"


@measures("A3")
def _idioms(claim: Claim, found: StudyResult, neurons: int) -> Verdict:
    chance = found.expected_by_chance
    share = found.selective / found.matched if found.matched else 0.0
    told = (
        f"{found.matched:,} of {neurons:,} neurons are on through a phrase of the study (at places drawn at random "
        f"{chance.matched:.1f}), {found.selective:,} ({share:.0%}) through one alone (at random "
        f"{chance.selective:.1f}), {found.of_phrases(3):,} through three"
    )
    return claim.judged(told, None)


@measures("A4")
def _senses(claim: Claim, found: StudyResult, twin: Verification | None) -> Verdict:
    confirmed, few = len(found.confirmed), sum(one.verdict == "too few to tell" for one in found.telling)
    told = (
        f"{found.positives:,} places against {found.negatives:,}: {len(found.telling):,} neurons chosen on the first "
        f"half, {confirmed:,} confirmed on the second (with shuffled kinds {found.expected_by_chance.confirmed:.1f})"
    )
    told += f", {few:,} too few to tell" if few else ""
    told += f"; of the untrained twin {twin.confirmed:,}" if twin is not None else ""
    known = bool(found.telling) and (confirmed > 0 or few < len(found.telling))
    more = confirmed > max(found.expected_by_chance.confirmed, twin.confirmed if twin else 0)
    return claim.judged(told, more if known else None, study=found.study.name)


@measures("A7-words")
def _words(claim: Claim, found: Verification, twin: Verification | None) -> Verdict:
    words, other = found.words, None if twin is None or twin.words is None else twin.words.apart
    assert words is not None, "asked only of a study of words"
    told = f"{2 * len(words.words)} vectors of words: {_apart(words.apart, other)}"
    if words.nothing is not None:
        told += f"; where there is nothing {words.nothing.between:.1%} (p {words.nothing.chance:.2g})"
    return claim.judged(told, _holds(words.apart, other))


@measures("A7-places")
def _places(claim: Claim, found: Verification, twin: Verification | None) -> Verdict:
    """Of the places that a study tells apart, beside the reader."""
    places, other = found.apart, None if twin is None else twin.apart
    assert places is not None, "asked only of a study that tells places apart"
    told = f"{len(places.first):,} places: {_apart(places, other)}{_reader(found, twin)}"
    return claim.judged(told, None if min(found.counts) < FEWEST else _holds(places, other))


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
