"""Options that several verbs read alike."""

from typing import Annotated

import typer

from lstm_core.runs.settings import PRESETS, Preset
from lstm_core.text.catalogue import Kind
from lstm_core.text.corpus import Corpus, read_corpus

Recorded = Annotated[str, typer.Argument(help="Name of a run with a recording of all positions.")]
Layer = Annotated[int, typer.Option(help="From 1; 0 = the last.")]
Signal = Annotated[str, typer.Option(help="h, c or another signal of the cell.")]
Recompute = Annotated[bool, typer.Option("--recompute", help="Even where the result is at hand.")]
WithRun = Annotated[bool, typer.Option("--with-run", help="Keep the result in the run's own folder.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def kind_of(kind: str) -> Kind | None:
    """What `--kind` says, None when it was left out. Raises ValueError for anything but char and word."""
    if kind not in ("", "char", "word"):
        raise ValueError(f"kind {kind!r} is unknown: choose char or word")
    return kind or None  # type: ignore[return-value]


def layers_of(layers: str) -> tuple[int, ...]:
    """What `--layers` says, as "1,3"; none when it was left out. Raises ValueError for what is no number."""
    try:
        return tuple(int(layer) for layer in filter(None, layers.split(",")))
    except ValueError:
        raise ValueError(f"layers {layers!r} are not numbers: give for example 1,3") from None


def preset_of(preset: str, corpus: str, kind: Kind | None) -> tuple[Preset, Corpus]:
    """What `--preset`, `--corpus` and `--kind` say: the preset, quick when left out, and the text to train on.

    A corpus that is named without a preset is read as its own kind. Raises ValueError for an unknown preset.
    """
    if preset and preset not in PRESETS:
        raise ValueError(f"preset {preset!r} is unknown: choose one of {', '.join(PRESETS)}")
    chosen = PRESETS[preset or "quick"]
    own = chosen.kind if preset or not corpus else None
    return chosen, read_corpus(corpus or chosen.corpus, kind or own)


def dropouts_of(dropouts: str) -> tuple[float, ...]:
    """What `--dropouts` says, as "0,.4,.8"; none when it was left out. Raises ValueError for what is no number."""
    try:
        return tuple(float(dropout) for dropout in filter(None, dropouts.split(",")))
    except ValueError:
        raise ValueError(f"dropouts {dropouts!r} are not numbers: give for example 0,.4,.8") from None
