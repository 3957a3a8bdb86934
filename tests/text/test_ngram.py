"""N-gram models: by hand, against dictionaries, as distributions, and on text whose source is known."""

import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from lstm_core.text import ngram
from lstm_core.text.ngram import BUCKETS, METHODS, Method, NgramModel, count, em, fit, look_up, mean_loss, probabilities

Ids = Any
EVEN = tuple(0.5 if bucket else 0.0 for bucket in range(BUCKETS))


def text_of(tokens: int, vocabulary: int, seed: int, unused: int = 0) -> Ids:
    """Tokens that depend on the two before them, some of them rare; the last `unused` types never occur."""
    rng = np.random.default_rng(seed)
    ids = [0, 0]
    for _ in range(tokens - 2):
        ids.append(int((ids[-1] * 3 + ids[-2] + min(rng.geometric(0.5), vocabulary)) % (vocabulary - unused)))
    return np.array(ids, np.int32)


def after(model: NgramModel, counts: ngram.Counts, history: tuple[int, ...]) -> list[float]:
    """The whole distribution after a history."""
    texts = [np.array([*history, token], np.int32) for token in range(counts.vocabulary)]
    return [float(probabilities(counts, look_up(counts, ids, len(history)), model)[0]) for ids in texts]


# By hand --------------------------------------------------------------------------------------------------------------

ABACAB = np.array([0, 1, 0, 2, 0, 1], np.int32)  # a 3, b 2, c 1; ab 2, ac 1, ba 1, ca 1


@pytest.mark.parametrize(
    ("model", "after_a", "after_b"),
    [
        (NgramModel("laplace", 2, added=1.0), (1 / 6, 3 / 6, 2 / 6), (2 / 4, 1 / 4, 1 / 4)),
        (NgramModel("add-k", 2, added=0.5), (0.5 / 4.5, 2.5 / 4.5, 1.5 / 4.5), (1.5 / 2.5, 0.5 / 2.5, 0.5 / 2.5)),
        # order 1 has seen all three: 3/6, 2/6, 1/6. After a, 2 x .5 / 3 is freed and only a was not seen; after b,
        # .5 is freed and goes to b and c as 2/6 : 1/6.
        (NgramModel("back-off", 2, discounts=(0.5, 0.5)), (2 / 6, 1.5 / 3, 0.5 / 3), (0.5, 1 / 3, 1 / 6)),
        # order 1: (3/6 + 1/3) / 2 = 5/12, (2/6 + 1/3) / 2 = 4/12, (1/6 + 1/3) / 2 = 3/12
        (NgramModel("interpolation", 2, weights=(EVEN, EVEN)), (5 / 24, 12 / 24, 7 / 24), (17 / 24, 4 / 24, 3 / 24)),
    ],
    ids=METHODS,
)
def test_a_text_of_six_letters_by_hand(
    model: NgramModel, after_a: tuple[float, ...], after_b: tuple[float, ...]
) -> None:
    counts = count(ABACAB, 3, 2)
    assert after(model, counts, (0,)) == pytest.approx(after_a, abs=1e-15)
    assert after(model, counts, (1,)) == pytest.approx(after_b, abs=1e-15)


# Against dictionaries -------------------------------------------------------------------------------------------------


def grams(ids: Ids, length: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(ids[start : start + length].tolist()) for start in range(len(ids) - length + 1))


class Dictionaries:
    """The same models, one token at a time, from dictionaries of tuples."""

    def __init__(self, ids: Ids, vocabulary: int, model: NgramModel) -> None:
        self.vocabulary, self.model = vocabulary, model
        self.counts = {length: grams(ids, length) for length in range(1, model.order + 1)}

    def followers(self, history: tuple[int, ...]) -> dict[int, int]:
        known = self.counts[len(history) + 1]
        return {token: known[*history, token] for token in range(self.vocabulary) if (*history, token) in known}

    def probability(self, history: tuple[int, ...], token: int) -> float:
        history = history[max(0, len(history) - self.model.order + 1) :]
        if self.model.method in ("laplace", "add-k"):
            seen = self.followers(history)
            added = self.model.added
            return (seen.get(token, 0) + added) / (sum(seen.values()) + added * self.vocabulary)
        return (self.back_off if self.model.method == "back-off" else self.interpolated)(history, token)

    def below(self, rule: Callable[..., float], history: tuple[int, ...], token: int) -> float:
        return rule(history[1:], token) if history else 1 / self.vocabulary

    def back_off(self, history: tuple[int, ...], token: int) -> float:
        seen, discount = self.followers(history), self.model.discounts[len(history)]
        total = sum(seen.values())
        if not total:
            return self.below(self.back_off, history, token)
        if len(seen) == self.vocabulary:
            return seen[token] / total
        if token in seen:
            return (seen[token] - discount) / total
        freed = 1 - sum((times - discount) / total for times in seen.values())
        others = [other for other in range(self.vocabulary) if other not in seen]
        mine = self.below(self.back_off, history, token)
        return freed * mine / sum(self.below(self.back_off, history, other) for other in others)

    def interpolated(self, history: tuple[int, ...], token: int) -> float:
        seen, lower = self.followers(history), self.below(self.interpolated, history, token)
        if not seen:
            return lower
        average = sum(seen.values()) / len(seen)
        weight = self.model.weights[len(history)][1 + math.floor(2 * math.log2(average))]
        return weight * seen.get(token, 0) / sum(seen.values()) + (1 - weight) * lower


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("method", METHODS)
def test_probabilities_are_those_of_dictionaries(method: Method, order: int) -> None:
    train, other = text_of(400, 7, seed=1, unused=1), text_of(150, 7, seed=2)  # the other text has a type more
    counts = count(train, 7, 4)
    model = fit(counts, look_up(counts, text_of(200, 7, seed=3)), method, order)
    slow = Dictionaries(train, 7, model)
    expected = [slow.probability(tuple(other[:place].tolist()), int(other[place])) for place in range(len(other))]
    found = probabilities(counts, look_up(counts, other), model)
    assert found == pytest.approx(expected, rel=1e-10)
    assert probabilities(counts, look_up(counts, other, 40, 60), model) == pytest.approx(expected[40:60], rel=1e-10)


@given(
    some.lists(some.integers(0, 40_000), max_size=60).map(lambda ids: [number % 9 * 4444 for number in ids]),
    some.integers(1, 6),
)
def test_counts_are_exact_for_any_text(ids: list[int], order: int) -> None:
    text, vocabulary = np.array(ids, np.int32), 40_001
    tables = count(text, vocabulary, order).tables
    known: list[tuple[int, ...]] = [()]
    for length, table in enumerate(tables, 1):
        expected = grams(text, length) if length <= len(text) else Counter()
        shorter = known
        known = [(*shorter[key // vocabulary], int(key % vocabulary)) for key in table.keys]
        assert dict(zip(known, table.counts.tolist(), strict=False)) == expected
        assert [shorter[number] for number in table.suffixes] == [gram[1:] for gram in known]
        for number, history in enumerate(shorter):
            followers = {gram: times for gram, times in expected.items() if gram[:-1] == history}
            assert (table.totals[number], table.types[number]) == (sum(followers.values()), len(followers))


# Distributions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tokens", [0, 1, 2, 60, 3000])
@pytest.mark.parametrize("method", METHODS)
def test_every_model_sums_to_one_after_every_history(method: Method, tokens: int) -> None:
    """Seen and unseen, as long as the model looks and shorter; with a type that never occurs; in any text."""
    counts = count(text_of(tokens, 4, seed=4, unused=1)[:tokens], 4, 3)
    for order in (1, 2, 3):
        model = fit(counts, look_up(counts, text_of(40, 4, seed=5)), method, order)
        for length in range(4):
            for history in itertools.product(range(4), repeat=length):
                given = after(model, counts, history)
                assert min(given) > 0
                assert sum(given) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_without_any_text_all_tokens_are_alike(method: Method) -> None:
    nothing = np.array([], np.int32)
    counts = count(nothing, 5, 3)
    model = fit(counts, look_up(counts, np.array([1, 2, 3], np.int32)), method, 3)
    assert after(model, counts, (1, 2)) == pytest.approx([0.2] * 5)


@pytest.mark.parametrize("method", METHODS)
def test_a_table_longer_than_the_text_changes_nothing_but_the_added_counts(method: Method) -> None:
    """Four tokens have no 6-gram: back-off and interpolation fall to what there is, the others to alike."""
    text, other = np.array([0, 1, 2, 1], np.int32), np.array([2, 1, 0, 1, 2, 1, 2, 0], np.int32)
    counts = count(text, 3, 6)
    models = [fit(counts, look_up(counts, other), method, order) for order in (4, 6)]
    four, six = (probabilities(counts, look_up(counts, other, 6), model) for model in models)
    if method in ("laplace", "add-k"):
        assert six == pytest.approx([1 / 3, 1 / 3])
    elif method == "back-off":
        assert six == pytest.approx(four)
    else:
        assert sum(after(models[1], counts, (1, 2, 1, 2, 1))) == pytest.approx(1)


def test_an_unseen_history_is_left_to_the_order_below() -> None:
    counts = count(text_of(500, 6, seed=6, unused=1), 6, 2)
    for method in ("back-off", "interpolation"):
        model = fit(counts, look_up(counts, text_of(300, 6, seed=7)), method, 2)
        below = replace(model, order=1, discounts=model.discounts[:1], weights=model.weights[:1])
        assert after(model, counts, (5,)) == pytest.approx(after(below, counts, ()))


# What is fitted -------------------------------------------------------------------------------------------------------


def test_k_and_discount_are_the_best_there_are() -> None:
    train, other = text_of(600, 9, seed=8), text_of(400, 9, seed=9)
    counts = count(train, 9, 3)
    seen = look_up(counts, other)

    def loss(model: NgramModel) -> float:
        return -float(np.log(probabilities(counts, seen, model)).mean())

    model = fit(counts, seen, "add-k", 3)
    assert loss(model) <= min(loss(replace(model, added=added)) for added in np.geomspace(1e-6, 1e2, 400)) + 1e-9
    model = fit(counts, seen, "back-off", 3)
    for discount in np.linspace(0.01, 0.99, 99):
        assert loss(model) <= loss(replace(model, discounts=(*model.discounts[:2], discount))) + 1e-9


def planted(tokens: int) -> tuple[Any, Any, Any]:
    """Relative frequencies and buckets of tokens drawn with known weights: .7 of order 1, .3 and .8 of order 2."""
    rng = np.random.default_rng(10)
    first, second = rng.dirichlet([0.5] * 6), rng.dirichlet([0.5] * 6, size=6)
    weights = np.zeros((2, BUCKETS))
    weights[0, 1], weights[1, 1], weights[1, 2] = 0.7, 0.3, 0.8
    histories = rng.integers(0, 6, tokens)
    buckets = np.stack([np.ones(tokens, int), np.where(histories < 3, 1, 2)])
    weight = weights[1, buckets[1]][:, None]
    given = weight * second[histories] + (1 - weight) * (0.7 * first + 0.3 / 6)
    drawn = (rng.random(tokens)[:, None] > given.cumsum(axis=1)).sum(axis=1)
    return np.stack([first[drawn], second[histories, drawn]]), buckets, weights


def test_em_never_loses_and_finds_planted_weights() -> None:
    frequencies, buckets, weights = planted(60_000)
    start = np.where(np.arange(BUCKETS) > 0, 0.5, 0.0) * np.ones((2, 1))
    steps = list(itertools.islice(em(frequencies, buckets, 6, start), 400))
    objectives = np.array([objective for _, objective in steps])
    assert (np.diff(objectives) >= -1e-6).all()
    found = steps[-1][0]
    for place in ((0, 1), (1, 1), (1, 2)):
        assert found[place] == pytest.approx(weights[place], abs=0.03)
    assert objectives[-1] >= next(em(frequencies, buckets, 6, weights))[1]


def test_shares_say_how_much_each_order_gives() -> None:
    counts = count(text_of(3000, 9, seed=11), 9, 3)
    model = fit(counts, look_up(counts, text_of(800, 9, seed=12)), "interpolation", 3)
    assert len(model.shares) == 4
    assert sum(model.shares) == pytest.approx(1)
    assert model.shares[3] == max(model.shares)  # the text depends on two tokens before


def test_weights_of_buckets_that_were_not_fitted_lie_between_their_neighbours() -> None:
    counts = count(text_of(3000, 9, seed=11), 9, 3)
    weights = np.array(fit(counts, look_up(counts, text_of(50, 9, seed=12)), "interpolation", 3).weights)
    assert (weights[:, 0] == 0).all()
    assert ((weights[:, 1:] > 0) & (weights < 1)[:, 1:]).all()


@pytest.mark.parametrize("method", METHODS)
def test_the_loss_on_a_markov_source_is_its_entropy_rate(method: Method) -> None:
    rng = np.random.default_rng(13)
    size = 6
    source = rng.dirichlet([0.4] * size, size=(size, size))  # next token by the two before
    pairs = np.full((size, size), 1 / size**2)
    for _ in range(500):
        pairs = np.einsum("ab,abc->bc", pairs, source)
    entropy = -float((pairs[:, :, None] * source * np.log(source)).sum())
    ids, steps = [0, 1], rng.random(150_000)
    reach = source.cumsum(axis=2)
    for step in steps:
        ids.append(int(min(np.searchsorted(reach[ids[-2], ids[-1]], step), size - 1)))
    text = np.array(ids, np.int32)
    counts = count(text[:100_000], size, 4)
    seen = look_up(counts, text, 100_000, 110_000)
    losses = mean_loss(counts, text, (110_000, len(text)), [fit(counts, seen, method, order) for order in (1, 2, 3, 4)])
    assert losses[2] == pytest.approx(entropy, abs=0.015)
    assert losses[3] == pytest.approx(entropy, abs=0.03)
    assert min(losses[:2]) > entropy + 0.1


def test_a_text_scores_alike_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = count(text_of(900, 8, seed=14), 8, 4)
    text = text_of(300, 8, seed=15)
    models = [fit(counts, look_up(counts, text), method, 4) for method in METHODS]
    whole = mean_loss(counts, text, (0, 300), models)
    monkeypatch.setattr(ngram, "PIECE", 7)
    assert mean_loss(counts, text, (0, 300), models) == pytest.approx(whole, rel=1e-12)
    with pytest.raises(ValueError, match="there is nothing to score"):
        mean_loss(counts, text, (300, 300), models)
