"""The card of a run, in Markdown: what it is, what it was trained on, how well it does, what it is not for."""

from lstm_core.files import write_bytes
from lstm_core.run import Run
from lstm_core.settings import MEASURES
from lstm_core.sources import RECIPES


def card(run: Run) -> str:
    """The card's text, from the run's own files."""
    model, training, corpus = run.model_config, run.train_config, run.config["corpus"]
    recipe = RECIPES.get(corpus["name"])
    kind = "characters" if run.kind == "char" else "words"
    lines = [
        f"# {run.name}",
        "",
        f"A language model that predicts the next of {model.vocabulary:,} {kind}: {model.architecture}, embedding "
        f"{model.embedding}, dropout {model.dropout:g} after each layer, {model.parameters:,} parameters.",
        "",
        "## Data",
        "",
        f"{recipe.title if recipe else corpus['name']}. Licence: {corpus['licence']}. "
        f"SHA-256 of the text: `{corpus['fingerprint']}`. No text is stored here, only the list of {kind}.",
        "",
        "## Training",
        "",
        f"{training.optimiser.upper()}, highest learning rate {training.learning_rate:g}, {training.schedule} "
        f"schedule, {training.epochs} epochs, {training.batch} streams, windows of {training.bptt} tokens, "
        f"gradient norm clipped at {training.clip_norm:g}, weight decay {training.weight_decay:g}, "
        f"seed {training.seed}, precision {training.precision}. {_earlier(run)}"
        f"Made with torch {run.config['versions']['torch']}. The log is `metrics.jsonl`.",
        "",
        "## Figures",
        "",
        *_figures(run),
        "",
        "## Limits",
        "",
        "It has read this text and nothing else: it writes in its style and knows nothing of the world. It is made to "
        "be looked into, not to be used as a writer.",
        "",
    ]
    return "\n".join(lines)


def write_card(run: Run) -> None:
    """Write the card beside the weights, as CARD.md."""
    write_bytes(run.folder / "CARD.md", card(run).encode())


def _earlier(run: Run) -> str:
    """A sentence on the settings that the first epochs were trained with, where they were others."""
    parts = [f"{part['dropout']:g} until epoch {part['epochs']:g}" for part in run.config.get("earlier", [])]
    return f"Dropout was {', '.join(parts)}, {run.model_config.dropout:g} from there on. " if parts else ""


def _figures(run: Run) -> list[str]:
    evaluation = run.results().get("evaluation")
    if evaluation is None:
        score = ", ".join(f"{value:.3f} {name.replace('_', ' ')}" for name, value in run.validation.items())
        return [f"Validation: {score or 'not measured'}."]
    measure = MEASURES[run.kind]
    parts = [
        ("validation split", evaluation["validation"]),
        ("its first half", evaluation["first_half"]),
        ("its second half", evaluation["second_half"]),
    ]
    if "before_rounding" in evaluation:
        parts.append(("before the weights were rounded to int8", evaluation["before_rounding"]))
    rows = [f"| {name} | {part[measure]:.4f} | {part['tokens']:,} |" for name, part in parts]
    return [f"| text | {measure.replace('_', ' ')} | tokens |", "| --- | ---: | ---: |", *rows]
