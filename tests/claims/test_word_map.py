"""What the thesis says of maps, on planted maps: what holds, what does not, and what cannot be told."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from lstm_core.claims.claim import CLAIMS, Verdict
from lstm_core.claims.dropout import ToldApart, told_apart
from lstm_core.claims.word_map import GROUPS, Grouped, Maps, beside, grouped, is_found
from lstm_core.clusters.word_groups import TABLE_5_1, Labels
from lstm_core.clusters.word_map import WordMap, WordMapQuery


def planted(*groups: str, times: int = 1, signal: str = "h", layer: int = 1, text: str = "t") -> Grouped:
    """A map whose groups hold these words, given as "he she", each `times` times, one after the other."""
    pairs = [(word, number) for number, words in enumerate(groups) for word in words.split() for _ in range(times)]
    types, words = np.unique([word for word, _ in pairs], return_inverse=True)
    labels = np.array([number for _, number in pairs], np.int32)
    places = np.zeros((len(pairs), 2), np.float32)
    query = WordMapQuery(signal, layer)
    span = (0, len(pairs))
    found = WordMap(query, "mine", "w", "book", text, span, tuple(map(str, types)), words.astype(np.int32), places, 1.0)
    return Grouped(found, labels)


def by(words: str, maps: Maps, *sweep: ToldApart) -> Verdict:
    """The one claim that says this."""
    (claim,) = [claim for claim in beside(maps, sweep).claims if words in claim.says]
    return claim


THESIS = [" ".join(words) for words in TABLE_5_1.values()]


def test_the_lists_of_table_5_1_are_found_where_they_are_planted() -> None:
    whole = beside(Maps(h1=planted(*THESIS, times=6)))
    assert [row.jaccard for row in whole.lists] == [1] * 8 and all(map(is_found, whole.lists))
    claim = whole.claims[0]
    assert (claim.id, claim.source, claim.holds) == ("T8", "thesis, Table 5.1", True)
    assert "found: the 1.00, pronouns 1.00" in claim.measured and "not found" not in claim.measured
    assert "at least 0.5" in claim.why and "thesis gives none" in claim.why and "100 groups by single" in claim.why


def test_a_list_that_fell_apart_is_not_found_and_one_that_does_not_occur_cannot_be_told() -> None:
    parts = [*THESIS[:3], *THESIS[3].split(), *THESIS[4:6], *THESIS[7:]]  # be one by one, no "="
    claim = by("eight groups", Maps(h1=planted(*parts, times=6)))
    assert claim.holds is False
    assert "not found: be 0.10" in claim.measured
    assert "cannot be told, since their words do not occur 5 times: = (Jaccard" in claim.measured
    without = by("eight groups", Maps(h1=planted(*THESIS[:6], *THESIS[7:], times=6)))
    assert without.holds is None and "not found" not in without.measured  # seven of eight is not eight
    nothing = by("eight groups", Maps(h1=planted("river house", times=6)))
    assert nothing.holds is None and "found:" not in nothing.measured


@pytest.mark.parametrize(("groups", "holds"), [(("(", ")"), True), (("( )",), False), (("(",), None)])
def test_brackets_are_judged_over_the_maps_of_all_runs(groups: tuple[str, ...], holds: bool | None) -> None:
    one = planted(*groups, "a", times=6)
    told = [told_apart(one.found, one.labels, "mine", dropout) for dropout in (0.5, 0.0)]
    claim = by("( and )", Maps(h1=one), *told)
    assert claim.holds is holds and f"{GROUPS} groups by single linkage" in claim.why
    assert [one.dropout for one in beside(Maps(), told).sweep] == [0.0, 0.5]


def test_what_a_run_says_of_marks_is_told_with_its_dropout() -> None:
    one = planted("(", ")", times=6)
    told = told_apart(one.found, one.labels, "mine", 0.3)
    assert (told.run, told.dropout, told.brackets.v_measure, told.quotes.v_measure) == ("mine", 0.3, 1, None)


@pytest.mark.parametrize(
    ("groups", "holds", "told"),
    [
        ((",", ";", ":", "."), True, "commas: 100% of 12 in group 0, 100% of what it holds"),
        ((", ;", ":", "."), False, "semicolons: 100% of 12 in group 0, 50% of what it holds"),
        ((", ,", "a"), None, "full stops: cannot be told, there are 0"),
        (("a b",), None, "colons: cannot be told, there are 0"),
    ],
)
def test_punctuation_in_groups_of_its_own(groups: tuple[str, ...], holds: bool | None, told: str) -> None:
    claim = by("commas", Maps(h1=planted(*groups, times=12)))
    assert (claim.holds, told in claim.measured) == (holds, True), claim.measured


def test_a_mark_spread_over_many_groups_has_none_of_its_own() -> None:
    assert by("commas", Maps(h1=planted(*[","] * 6, times=6))).holds is False


def test_two_maps_of_the_same_words_are_compared_word_by_word() -> None:
    one = planted("a b", "c d", "e f", times=6)
    moved: Labels = one.labels.copy()
    moved[::2] = 3
    other = Grouped(replace(one.found, query=WordMapQuery("c", 1)), moved)
    claim = by("cell state groups words", Maps(h1=one, c1=other))
    expected = adjusted_rand_score(one.labels, moved)
    assert (
        claim.holds is bool(expected >= CLAIMS["T9-signals"].figures["alike"])
        and f"index {expected:.2f} " in claim.measured
    )
    assert "n = 36 words of the text" in claim.measured
    assert by("cell state groups words", Maps(h1=one, c1=one)).holds is True


def test_two_parts_of_a_text_are_compared_by_the_words_they_share() -> None:
    one, other = planted("a b", "c d", times=6), planted("c d", "a b x", times=6, text="other")
    claim = by("another part", Maps(h1=one, another=other))
    assert (claim.holds, "index 1.00" in claim.measured, "n = 4 words" in claim.measured) == (True, True, True)
    strange = by("another part", Maps(h1=one, another=planted("x y", times=6, text="other")))
    assert strange.holds is None and "no word stands 5 times on both" in strange.measured


def test_almost_all_words_in_one_group_is_a_blob() -> None:
    blob = planted(*[" ".join("abcdefghij"), "x"], times=5, layer=2)
    claim = by("almost all", Maps(h2=blob))
    assert (claim.holds, claim.measured) == (True, "90.9% of 55 words are in the largest")
    assert by("almost all", Maps(h2=planted("a b", "c", times=5, layer=2))).holds is False


def test_groups_of_the_second_layer() -> None:
    months, have, be = "May June July", "had has have having", "was is were be being are been became remained become"
    claim = by("months", Maps(h2=planted(months, have, be, times=6, layer=2)))
    assert claim.holds is True and "months 1.00, have 1.00, be 1.00" in claim.measured
    assert by("months", Maps(h2=planted(f"{months} {have}", be, times=6, layer=2))).holds is False


def test_runs_of_consecutive_words_are_told_from_words_in_any_order() -> None:
    runs = planted("a b", "c d", "e f", times=10, signal="c", layer=2)  # 20 words of a group in a row
    claim = by("consecutive", Maps(c2=runs))
    pairs = 59
    assert claim.holds is True and f"{57 / pairs:.1%} of 59 words" in claim.measured
    mixed = Grouped(runs.found, np.random.default_rng(0).permutation(runs.labels))
    assert by("consecutive", Maps(c2=mixed)).holds is False
    assert by("consecutive", Maps(c2=planted("a b c", times=9))).holds is False  # one group: nothing to part


def test_without_maps_nothing_is_told_and_each_statement_says_which_map_is_missing() -> None:
    whole = beside(Maps())
    assert whole.lists == () and len(whole.claims) == 9
    assert {claim.holds for claim in whole.claims} == {None}
    marks = [claim.measured for claim in whole.claims if "maps; 5 of each are needed" in claim.measured]
    missing = [claim for claim in whole.claims if claim.measured.startswith("Cannot be told: the map of the ")]
    assert (len(marks), len(missing)) == (2, 7)
    told = {claim.says: claim.measured for claim in beside(Maps(h1=planted("a", times=9))).claims}
    (cell,) = [told for says, told in told.items() if "cell state groups words" in says]
    assert "cell state (c) of layer 1 is not at hand" in cell


def test_groups_are_cut_at_a_hundred_or_one_a_word() -> None:
    places = np.random.default_rng(0).normal(size=(250, 2)).astype(np.float32)
    many = planted(*"ab", times=125).found
    assert len(np.unique(grouped(replace(many, places=places)).labels)) == GROUPS
    few = planted(*"ab", times=6).found
    assert len(np.unique(grouped(replace(few, places=places[:12])).labels)) == 12
