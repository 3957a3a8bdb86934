"""The article's claims beside studies: figures are those of the results, verdicts follow from them."""

from dataclasses import replace

import numpy as np
import pytest

from lstm_core.claims.claim import Verdict
from lstm_core.claims.studies import neuron_wise_claim, period_claim, study_claims
from lstm_core.neurons.periods import PeriodsQuery, periods
from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.studies import Study, StudyResult, study
from lstm_core.probes.verification import Verification, VerifyQuery, twin_query, verify
from tests.neurons.test_periods import coloured, lines, recording_of
from tests.probes.test_studies import sentences, tagged_of
from tests.probes.test_verification import STUDY, planted, vocabulary_recording


@pytest.fixture(scope="module")
def results() -> tuple[StudyResult, Verification, Verification]:
    """Of a planted recording, and of one of noise as its twin."""
    from tests.probes.test_studies import recording_of as noise_of

    (recording, tagged), noise = planted(), noise_of(sentences(160), units=12, seed=9)
    carried_out = study(recording, on_sets(recording, OnQuery()), STUDY, tagged)
    found = verify(recording, VerifyQuery(STUDY), tagged)
    return carried_out, found, verify(noise, twin_query(found), tagged_of(noise))


def of(claims: list[Verdict], name: str) -> Verdict:
    (claim,) = [one for one in claims if one.id == name]
    return claim


def test_claims_tell_the_figures_of_the_study(results: tuple[StudyResult, Verification, Verification]) -> None:
    carried_out, found, twin = results
    claims = study_claims(carried_out, 12, found, twin)
    assert [one.id for one in claims] == ["A3", "A4", "A7"]
    assert (
        of(claims, "A3").measured.startswith(f"{carried_out.matched} of 12 neurons") and of(claims, "A3").holds is None
    )
    senses = of(claims, "A4")
    assert f"{len(carried_out.confirmed)} confirmed on the second" in senses.measured and senses.holds is True
    assert f"of the untrained twin {twin.confirmed}" in senses.measured
    assert found.apart is not None and found.reader is not None
    vectors = of(claims, "A7")
    assert f"{found.apart.between:.1%} of their spread" in vectors.measured and vectors.holds is True
    assert f"tells {found.reader.accuracy:.0%} of them rightly" in vectors.measured


def test_what_the_twin_does_as_well_does_not_hold(results: tuple[StudyResult, Verification, Verification]) -> None:
    carried_out, found, _ = results
    claims = study_claims(carried_out, 12, found, found)
    assert of(claims, "A4").holds is False and of(claims, "A7").holds is False
    few = replace(carried_out, telling=(), positives=3)
    assert of(study_claims(few, 12, replace(found, counts=(3, 90)), None), "A4").holds is None
    assert of(study_claims(few, 12, replace(found, counts=(3, 90)), None), "A7").holds is None


def test_a_set_of_words_has_a_claim_of_its_own() -> None:
    recording, tagged, names = vocabulary_recording()
    asked = Study("ten", words=tuple(names[:10]))
    carried_out = study(recording, on_sets(recording, OnQuery()), asked, tagged)
    found = verify(recording, VerifyQuery(asked), tagged)
    (claim,) = study_claims(carried_out, 8, found)
    assert claim.id == "A7" and claim.holds is True and "20 vectors of words" in claim.measured
    assert study_claims(carried_out, 8) == []


def test_periods_hold_where_none_is_found_beyond_chance() -> None:
    values = np.array([coloured(seed, 2000) for seed in range(12)])
    none = periods(recording_of(values), PeriodsQuery())
    assert period_claim([none]).holds is True
    assert period_claim([none]).measured == "0 of 12 neurons are periodic, 0 have a rhythm over 2,000 steps"
    values[3] += 2 * np.sin(np.arange(2000) / 3)
    one = periods(recording_of(values), PeriodsQuery())
    assert period_claim([one], [none]).holds is False
    assert period_claim([one], [none]).measured.startswith("1 of 12 neurons are periodic, 0 have a rhythm over 2,000")
    lively = np.array([lines(seed, 9000) for seed in range(3)])
    rhythmic = period_claim([periods(recording_of(lively), PeriodsQuery(steps=9000))])
    assert rhythmic.holds is False and "3 have a rhythm" in rhythmic.measured
    assert period_claim([]).holds is None and neuron_wise_claim().id == "A8"
