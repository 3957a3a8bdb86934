"""Every result that ships opens, found by what it is of: names and formats are what they were when it was made."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lstm_core.clusters.states import CLUSTERS, MAPS, kept_clusterings, read_clustering
from lstm_core.neurons.distributions import DISTRIBUTIONS, DistributionQuery
from lstm_core.runs.run import Run
from lstm_core.storage.files import SHIPPED
from lstm_core.storage.results import PROGRAM, REGISTERED
from lstm_core.tagging.label_run import LabelRun
from lstm_core.word_vectors.sample import SAMPLES, read_sample
from tests.storage.test_results import NAMED

OF_RUNS = sorted({path.parent for path in SHIPPED.glob("*/results")})
OF_NETWORKS = sorted({path.parent for path in SHIPPED.glob("*/*/results")})
OTHERWISE = {"evaluation.json", "accuracy.json"}  # of a run, of the perceptron that ships: documents of their own


def opened(run: Run) -> Iterator[Any]:
    """All results of a run, each asked for by what it is of."""
    for results in REGISTERED:
        if results is CLUSTERS:
            yield from (read_clustering(run, query) for query in kept_clusterings(run))
        elif results is MAPS:
            made = {str(found.of_points): found for found in CLUSTERS.all(run)}
            yield from filter(None, (MAPS.read(run, **found.of_points) for found in made.values()))
        elif results is SAMPLES:
            yield from filter(None, [read_sample(run)] if results.stamp(run)[0] else [])
        elif results is DISTRIBUTIONS:
            places = [(signal, layer) for signal in "hc" for layer in range(1, run.model_config.layers + 1)]
            yield from filter(None, (results.read(run, query=DistributionQuery(*place)) for place in places))
        else:
            for found in results.all(run):
                yield results.read(run, **{name: value for name, value in vars(found).items() if name in NAMED})


@pytest.mark.parametrize("folder", OF_RUNS, ids=lambda folder: folder.name)
def test_every_result_of_a_run_opens(folder: Path) -> None:
    run = Run(folder)
    lying = [path for path in (folder / "results").rglob("*") if path.is_file() and path.name not in OTHERWISE]
    beside = [path for path in lying if path.suffix == ".npz" and path.with_suffix(".json") in lying]
    found = list(opened(run)) if len(lying) else []
    assert None not in found and len(found) == len(lying) - len(beside)


@pytest.mark.parametrize("folder", OF_NETWORKS, ids=lambda folder: folder.name)
def test_every_result_of_a_network_that_labels_text_opens(folder: Path) -> None:
    run = LabelRun(folder)
    found = [one for results in REGISTERED for one in results.all(run)]
    assert len(found) == len(list((folder / "results").iterdir())) and {one.weights for one in found} == {
        run.fingerprint
    }


def test_every_result_of_the_program_opens() -> None:
    found = [one for results in REGISTERED for one in results.all(PROGRAM)]
    lying = [*SHIPPED.glob("baselines/*"), *SHIPPED.glob("*/poolings.json"), *SHIPPED.glob("*/perceptron.json")]
    assert len(found) == len(lying) == 3
