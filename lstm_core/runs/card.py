"""The card of a run, in Markdown: what it is, what it was trained on, how well it does, what it is not for."""

import re

from lstm_core.runs.run import Run
from lstm_core.runs.settings import MEASURES, OPTIMISERS
from lstm_core.storage.documents import LARGEST
from lstm_core.storage.files import write_bytes
from lstm_core.text.catalogue import RECIPES


def card(run: Run) -> str:
    """The card's text, from the run's own files. Names that a person gave are shown literally."""
    model = run.model_config
    kind = "characters" if run.kind == "char" else "words"
    if run.states_only:
        return _card_of_states(run, kind)
    stored = f"No text is stored here, only the list of {kind}."
    if run.figures_only:
        stored = "Neither text nor weights are stored here, only settings, training log and figures."
    where = f", dropout {model.dropout:g} after each layer"
    if model.embedding_dropout:
        where += f" and {model.embedding_dropout:g} after the embedding"
    return paragraphs(
        f"# {run.name}",
        f"A language model that predicts the next of {model.vocabulary:,} {kind}: {model.architecture}, embedding "
        f"{model.embedding}{' (tied to the decoder)' if model.tied else ''}{where}, {model.parameters:,} parameters.",
        "## Data",
        f"{_read(run)} {stored}",
        "## Training",
        _training(run),
        "## Figures",
        _figures(run),
        "## Limits",
        "It has read what it was trained on and nothing else: it writes in that style, repeats its prejudices and "
        f"knows nothing of the world. Of other texts it sees only the {kind} in its list. What single units seem to "
        "stand for is seen on this text and need not hold on another. It is made to be looked into, not to be used as "
        "a writer.",
    )


def paragraphs(*parts: str) -> str:
    """Headings, paragraphs and tables as one text in Markdown."""
    return "\n\n".join(parts) + "\n"


def _card_of_states(run: Run, kind: str) -> str:
    arrays = run.config["states"].get("arrays", {})
    rows = [
        f"| {_literal(place)} | {_literal(str(one.get('from')))} | `{one.get('sha256')}` |"
        for place, one in arrays.items()
    ]
    return paragraphs(
        f"# {run.name}",
        f"What the neurons of a model did while it read a text of {run.model_config.vocabulary:,} different {kind}. "
        "The model itself is not here: it cannot read another text, write, be trained or scored, and what an untrained "
        "network of its shape does is not known, so nothing tells what it learned.",
        "\n".join(["| signal and layer | brought in from | SHA-256 of its values |", "| --- | --- | --- |", *rows]),
        f"SHA-256 of the text: `{run.config['corpus']['fingerprint']}`. How the model came about is not known here.",
    )


def write_card(run: Run) -> None:
    """Write the card beside the weights, as CARD.md."""
    write_bytes(run.folder / "CARD.md", card(run).encode())


def _literal(text: str) -> str:
    """Text that Markdown shows as it stands, on one line."""
    return re.sub(r"([^\w\s,.;:()-])", r"\\\1", " ".join(text.split()))


def _read(run: Run) -> str:
    corpus = run.config["corpus"]
    if run.imported:
        return "Not known here: another program trained it."
    recipe = RECIPES.get(corpus["name"])
    return (
        f"{_literal(recipe.title if recipe else corpus['name'])}. "
        f"Licence: {_literal(corpus['licence'] or 'not known')}. "
        f"SHA-256 of the text: `{corpus['fingerprint']}`."
    )


def _training(run: Run) -> str:
    training, versions = run.train_config, run.config["versions"]
    if run.imported:
        return (
            f"Elsewhere: the weights are those of the file {_literal(run.imported['file'])}, SHA-256 "
            f"`{run.imported['sha256']}`, as they were. How they came about is not known here."
        )
    if run.untrained_twin_of:
        return (
            f"None: the weights are as drawn from seed {training.seed}. It is the control of "
            f"{run.untrained_twin_of}: what is found in both was not learned."
        )
    points = [point for point in run.log().points if {"epoch", "seconds"} <= point.keys()]
    took = f", {points[-1]['epoch']:.3g} of them done in {points[-1]['seconds'] / 60:,.0f} minutes" if points else ""
    bounds = {
        "gradient norm clipped at": training.clip_norm,
        "gradient values clipped at": training.clip_value,
        "weight decay": training.weight_decay,
    }
    clipped = "".join(f"{told} {value:g}, " for told, value in bounds.items() if value)
    start = run.config.get("started_from")
    began = f"Began with the weights of {start['run']} (SHA-256 `{start['weights']}`). " if start else ""
    changed = f"Dropout was {run.dropout_history} on. " if run.dropout_history else ""
    return (
        f"{OPTIMISERS[training.optimiser]}, highest learning rate {training.learning_rate:g}, {training.schedule} "
        f"schedule, {training.epochs} epochs{took}, {training.batch} streams, windows of {training.bptt} tokens, "
        f"{clipped}seed {training.seed}, precision {training.precision}. "
        f"{changed}{began}Made with torch {versions['torch']}. The log is `metrics.jsonl`."
    )


def _figures(run: Run) -> str:
    evaluation, measure = run.results().get("evaluation", {}), MEASURES[run.kind]
    named = {
        "validation": "validation split", "first_half": "its first half", "second_half": "its second half",
        "test": "test split", "before_rounding": "before the weights were rounded to int8",
    }  # fmt: skip
    parts = [(name, evaluation[key]) for key, name in named.items() if _is_scored(evaluation.get(key), measure)]
    if not parts:
        score = ", ".join(f"{value:.3f} {name.replace('_', ' ')}" for name, value in run.validation.items())
        return f"Validation: {score or 'not measured'}."
    rows = [f"| {name} | {part[measure]:.4f} | {part['tokens']:,} |" for name, part in parts]
    return "\n".join([f"| text | {measure.replace('_', ' ')} | tokens |", "| --- | ---: | ---: |", *rows])


def _is_scored(part: object, measure: str) -> bool:
    """Whether a part of an evaluation has its score and how many tokens it is of."""
    return isinstance(part, dict) and all(
        type(part.get(name)) in (int, float) and abs(part[name]) < LARGEST for name in (measure, "tokens")
    )
