"""Units of a phrase alone: planted ones are found, shares are those of counting, chance is what random places give."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.match import MOSTLY, RARELY, SelectiveQuery, selective
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.runs.run import Run
from lstm_core.storage.files import write_json
from lstm_core.text import corpus as corpora
from tests.commands.test_probes import stronger
from tests.probes.test_match import follows, of


def test_units_planted_at_a_phrase_are_found_and_those_that_are_also_on_elsewhere_are_not() -> None:
    draw = np.random.default_rng(0)
    on = draw.random((4000, 12)) < 0.3
    on[:, :5] = False
    spans = tuple((at, at + 3) for at in range(7, 3990, 400))  # ten
    for number, (start, stop) in enumerate(spans):
        on[start:stop, 0] = on[start:stop, 1] = True
        on[start:stop, 2] = number < 8  # at eight of ten places: too few
        on[start:stop, 3] = number < 9
        on[start:stop, 4] = True
    on[100:300, 4] = True  # and at a twentieth of the others
    found = selective(of(on), SelectiveQuery(spans))
    assert found.units == ((1, 0), (1, 1), (1, 3))
    assert found.at_phrase[:5].tolist() == [1, 1, 0.8, 0.9, 1] and found.places == 10
    assert found.elsewhere[0] == 0 and 0.04 < found.elsewhere[4] < 0.06
    assert found.by_chance == 0 and found.nearest == 0
    assert found.on_share == pytest.approx(on.mean())


@given(st.integers(1, 12), st.integers(0, 999), st.integers(1, 3), st.integers(0, 1), st.integers(0, 1), st.data())
def test_both_shares_are_those_of_counting_place_by_place(
    units: int, seed: int, length: int, before: int, after: int, data: st.DataObject
) -> None:
    on = np.random.default_rng(seed).random((40, units)) < 0.6
    starts = data.draw(st.lists(st.integers(0, 40 - length), min_size=1, max_size=6, unique=True))
    spans = tuple((start, start + length) for start in sorted(starts))
    found = selective(of(on), SelectiveQuery(spans, before, after))
    every = [(start, start + length) for start in range(40 - length + 1)]
    others = [one for one in every if all(one[1] <= start or one[0] >= stop for start, stop in spans)]

    def share(places: list[tuple[int, int]], unit: int) -> float:
        return float(np.mean([follows(on, unit, *one, before, after) for one in places])) if places else 0.0

    np.testing.assert_allclose(found.at_phrase, [share(list(spans), unit) for unit in range(units)])
    np.testing.assert_allclose(found.elsewhere, [share(others, unit) for unit in range(units)])
    both = [u for u in range(units) if found.at_phrase[u] >= MOSTLY and found.elsewhere[u] <= RARELY]
    assert [unit for _, unit in found.units] == both


def test_by_chance_is_how_many_units_places_at_random_have() -> None:
    """Of one place: each unit that is rarely on, as often as it is on."""
    draw = np.random.default_rng(1)
    rates = np.array([0.002, 0.004, 0.008, 0.3, 0.6])
    on = draw.random((200_000, 5)) < rates
    found = [selective(of(on), SelectiveQuery(((at, at + 1),), seed=at)).by_chance for at in range(20)]
    expected = on[:, :3].mean(axis=0).sum()  # .014 a draw, 2,000 draws
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.sqrt(expected / 2000))


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ((), "of none"),
        (((0, 2), (3, 6)), r"one length of 1 or more, not of \[2, 3\]"),
        (((3, 3),), r"not of \[0\]"),
        (((8, 11),), "not within the 10 steps"),
        (((-1, 1),), "not within the 10 steps"),
    ],
)
def test_places_that_cannot_be_measured_are_said(spans: tuple[tuple[int, int], ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        selective(of(np.ones((10, 2), bool)), SelectiveQuery(spans))


def test_the_twin_is_what_the_untrained_network_did_at_the_same_steps(
    small_run: Callable[..., Run], words: Callable[..., str]
) -> None:
    corpora.keep_text("book", words(400).encode())
    run = small_run("mine", corpora.read_corpus("book"), weights=stronger)
    mine = record(run, corpus_text(run, "book", 0, 300), RecordQuery(("h",)))
    assert untrained_twin(mine, "h") is None
    twin = small_run("mine-untrained", corpora.read_corpus("book"))
    write_json(twin.folder / "config.json", {**twin.config, "untrained_twin_of": "mine"})
    twin = Run(twin.folder)
    record(twin, corpus_text(twin, "book", 0, 200), RecordQuery(("h",)))  # less of the text
    record(twin, corpus_text(twin, "book", 0, 300), RecordQuery(("h",), (1,)))  # one layer
    assert untrained_twin(mine, "h") is None
    found = untrained_twin(mine, "h", (1,))
    assert found is not None and found.spec.run == "mine-untrained"
    record(twin, corpus_text(twin, "book", 0, 300), RecordQuery(("h",)))
    whole = untrained_twin(mine, "h")
    assert whole is not None and whole.spec.layers == (1, 2) and whole.tokens.tolist() == mine.tokens.tolist()
    assert len(on_sets(whole, OnQuery())) == 300
