"""What others say of each token of a text, kept with a recording: a label or a number a token, by name.

Knows files and arrays; nothing of models or pages. T tokens.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.arrays import Arrays, load_arrays, save_arrays

FILE = "annotations.safetensors"


@dataclass(frozen=True, eq=False)
class Annotation:
    """One annotation of a text: `values` (T,) are int32 numbers in `labels`, or float32 where there are no labels."""

    name: str
    values: NDArray[np.int32] | NDArray[np.float32]
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.values.ndim != 1:
            raise ValueError(f"{self.name!r} is {self.values.shape}: an annotation has one value a token")
        if self.labels and len(self.values) and not 0 <= self.values.min() <= self.values.max() < len(self.labels):
            raise ValueError(f"{self.name!r} has numbers outside its {len(self.labels)} labels")

    def label(self, position: int) -> str:
        """What it says of a token, for people."""
        value = self.values[position]
        return self.labels[int(value)] if self.labels else f"{value:.4g}"


def write_annotations(folder: Path, annotations: Sequence[Annotation]) -> None:
    """Write them into the folder of a recording that is being made."""
    arrays: Arrays = {str(number): one.values for number, one in enumerate(annotations)}
    told = [[one.name, one.labels] for one in annotations]  # apart: a name may be any text
    save_arrays(folder / FILE, arrays, {"told": json.dumps(told, ensure_ascii=False)})


def read_annotations(folder: Path | None) -> tuple[Annotation, ...]:
    """Those of a recording's folder, in their order; none where it has none. Raises ValueError for damaged ones."""
    if folder is None or not (folder / FILE).is_file():
        return ()
    arrays, notes = load_arrays(folder / FILE)
    try:
        told = json.loads(notes["told"])
        return tuple(Annotation(name, arrays[str(at)], tuple(labels)) for at, (name, labels) in enumerate(told))
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{folder / FILE} does not say what its numbers mean: bring the states in again") from None
