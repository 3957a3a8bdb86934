"""The command line: `python -m lstm_core VERB ...`. Every verb takes --json; progress goes to stderr."""

import sys
from importlib import import_module

import typer

from lstm_core.commands.report import Verb, command

# Where each is, in the order of --help.
VERBS = {
    "corpora": "texts.corpora",
    "runs": "training.runs",
    "train": "training.train",
    "sweep": "sweeps.sweep",
    "evaluate": "training.evaluate",
    "import": "models.import_model",
    "export": "models.export_model",
    "import-states": "models.import_states",
    "import-lstmvis": "models.import_lstmvis",
    "export-lstmvis": "models.export_lstmvis",
    "ship": "models.ship",
    "record": "recordings.record",
    "compare": "sweeps.compare",
    "baseline": "texts.baseline",
    "tags": "texts.tags",
    "tag": "tagging.tag",
    "classify": "tagging.classify",
    "train-tagger": "tagging.train_tagger",
    "tagger-states": "tagging.tagger_states",
    "findings": "analyses.findings",
    "units": "analyses.units",
    "label": "analyses.label",
    "cluster": "maps.cluster",
    "rivals": "maps.rivals",
    "wordmap": "maps.wordmap",
    "match": "probes.match",
    "similar-units": "probes.similar_units",
    "study": "probes.study",
    "senses": "senses.senses",
    "word-class": "senses.word_class",
    "chunks": "probes.chunks",
    "periods": "verification.periods",
    "vocabulary": "texts.vocabulary",
    "embed": "words.embed",
    "neighbours": "words.neighbours",
    "words": "words.words",
    "similarity": "words.similarity",
    "generate": "training.generate",
    "tensorboard": "training.tensorboard",
    "remove": "recordings.remove",
    "recordings": "recordings.recordings",
    "verify": "recordings.verify",
}


def verb(name: str) -> Verb:
    """The function of a verb. Its module is loaded, and with it what the verbs of that module need."""
    module, function = VERBS[name].split(".")
    found: Verb = getattr(import_module(f"lstm_core.commands.{module}"), function)
    return found


def program(typed: str = "") -> typer.Typer:
    """The command line: of the verb that is typed alone, so that it starts quickly, else of all."""
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
    app.callback()(lambda: None)  # else a single verb would be the program itself, without its name
    for name in [typed] if typed in VERBS else VERBS:
        app.command(name)(command(verb(name)))
    return app


def main() -> None:
    """Run a verb; a mistake of the user becomes one line on stderr and exit code 2."""
    try:
        program(*sys.argv[1:2])()
    except (ValueError, OSError) as error:
        print(f"lstm_core: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
