"""What verbs tell and ask a person: results on stdout, progress and questions on stderr."""

import json
import sys
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def say(value: Any, as_json: bool, text: str) -> None:
    """Print a result: the JSON document, or the text for people."""
    print(json.dumps(value, ensure_ascii=False) if as_json else text)


def progress(share: float, word: str) -> None:
    """Show progress on stderr, one line that is written over on a terminal."""
    print(f"{share:4.0%} {word}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


def confirm(question: str, yes: bool) -> None:
    """Ask a person at a terminal; ends the program where the answer is no."""
    if not yes and sys.stdin.isatty():
        typer.confirm(question, abort=True, err=True)
