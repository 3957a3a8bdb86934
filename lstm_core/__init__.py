"""Train recurrent language models, record what every unit does, and analyse it. No user interface.

`from lstm_core import open_run, record, ...`: what is named here is loaded when it is asked for.
"""

# ruff: noqa: F401
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstm_core.clusters.states import ClusterQuery, cluster
    from lstm_core.clusters.word_map import WordMapQuery, word_map
    from lstm_core.neurons.distributions import DistributionQuery, distributions
    from lstm_core.neurons.label_search import LabelQuery, find_labels
    from lstm_core.neurons.profile import NeuronQuery, profile
    from lstm_core.probes.active import OnQuery, on_sets
    from lstm_core.probes.match import MatchQuery, match
    from lstm_core.probes.studies import parse_study, study
    from lstm_core.recordings.record import RecordQuery, corpus_text, record
    from lstm_core.runs.generate import GenerateQuery, generate
    from lstm_core.runs.settings import ModelConfig, TrainConfig
    from lstm_core.runs.store import create_run, list_runs, open_run
    from lstm_core.runs.train import train
    from lstm_core.storage.frames import frame_of
    from lstm_core.tagging.label_run import open_label_run
    from lstm_core.tagging.tag import tag
    from lstm_core.text.corpus import corpus_of, read_corpus
    from lstm_core.word_vectors.neighbours import neighbours
    from lstm_core.word_vectors.vectors import EmbeddingQuery, embeddings

# Threads that wait must sleep: with spinning ones a reader beside a training run is a hundred times slower. Has to be
# said before torch loads its OpenMP library.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"

_FROM = {
    "clusters.states": ("ClusterQuery", "cluster"),
    "clusters.word_map": ("WordMapQuery", "word_map"),
    "neurons.distributions": ("DistributionQuery", "distributions"),
    "neurons.label_search": ("LabelQuery", "find_labels"),
    "neurons.profile": ("NeuronQuery", "profile"),
    "probes.active": ("OnQuery", "on_sets"),
    "probes.match": ("MatchQuery", "match"),
    "probes.studies": ("parse_study", "study"),
    "recordings.record": ("RecordQuery", "corpus_text", "record"),
    "runs.generate": ("GenerateQuery", "generate"),
    "runs.settings": ("ModelConfig", "TrainConfig"),
    "runs.store": ("create_run", "list_runs", "open_run"),
    "runs.train": ("train",),
    "storage.frames": ("frame_of",),
    "tagging.label_run": ("open_label_run",),
    "tagging.tag": ("tag",),
    "text.corpus": ("corpus_of", "read_corpus"),
    "word_vectors.neighbours": ("neighbours",),
    "word_vectors.vectors": ("EmbeddingQuery", "embeddings"),
}
_MODULE = {name: module for module, names in _FROM.items() for name in names}
__all__ = sorted(_MODULE)


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
