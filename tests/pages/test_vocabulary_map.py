"""The map of the commonest words on the page Word vectors: all words once, the one asked for, those drawn around."""

import numpy as np

from app.charts.maps import word_map
from lstm_core.runs.run import Run
from lstm_core.word_vectors.neighbours import neighbours
from lstm_core.word_vectors.sample import WordSample, read_sample
from lstm_core.word_vectors.vectors import defined
from tests.figures_on_pages import figures_on
from tests.opened_pages import nothing_shipped, opened  # noqa: F401 - a fixture that is used by being here
from tests.pages.test_embeddings import benchmarks, full, run  # noqa: F401 - fixtures used by being here


def test_the_map_has_all_words_and_beside_it_are_the_word_and_its_nearest(full: Run) -> None:  # noqa: F811
    sample = read_sample(full)
    assert isinstance(sample, WordSample)
    drawn = word_map(sample, "paper")
    numbers = np.concatenate([row.customdata for row in drawn.data])
    assert sorted(numbers.tolist()) == list(range(len(sample.words)))
    np.testing.assert_allclose(np.concatenate([row.x for row in drawn.data]), sample.places["paper"][numbers, 0])
    app = opened("word_vectors", embeddings_map="true", embeddings_word=sample.words[2])
    assert not app.exception
    whole, marked = figures_on(app)[-2:]
    assert sum(len(row.x) for row in whole.data) == len(sample.words)
    table = sample.table(defined("paper", full))
    assert table is not None
    nearest = [one.word for one in neighbours(table, sample.words[2])]
    assert marked.data[1].hovertext == (sample.words[2], *nearest)
    at = [sample.words.index(word) for word in marked.data[1].hovertext]
    np.testing.assert_allclose(marked.data[1].x, sample.places["paper"][at, 0])


def test_words_drawn_around_on_the_map_are_listed(full: Run) -> None:  # noqa: F811
    sample = read_sample(full)
    assert isinstance(sample, WordSample)
    app = opened("word_vectors", embeddings_map="true")
    points = [{"customdata": number} for number in (4, 1)]
    app.session_state["embeddings-map-figure"] = {"selection": {"points": points, "box": [], "lasso": []}}
    app.run()
    assert not app.exception
    (listed,) = [table.value for table in app.dataframe if "part of speech" in table.value]
    assert listed["word"].tolist() == [sample.words[1], sample.words[4]]
    assert listed["times in the text"].tolist() == sample.counted[[1, 4]].tolist()
