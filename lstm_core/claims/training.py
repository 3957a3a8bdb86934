"""What the sources say, by id, beside what is measured here. Facts only; how they are shown is the app's."""

from collections.abc import Sequence
from dataclasses import dataclass

from lstm_core.runs.run import Run
from lstm_core.runs.settings import OPTIMISERS
from lstm_core.storage.documents import LARGEST


@dataclass(frozen=True)
class Claim:
    """One statement of a source: its words in short, our figure, and why they differ.

    `holds` None = no verdict: not measured, or not to be compared.
    """

    id: str
    source: str
    says: str
    measured: str
    why: str
    holds: bool | None


def training_claims(run: Run) -> list[Claim]:
    """P3, and P4 or for the Brown corpus P5, for a character run; empty for others."""
    if run.kind != "char" or run.untrained_twin_of:
        return []
    config, score = run.model_config, run.validation.get("bits_per_character")
    dropout = run.dropout_history or f"{config.dropout:g}"
    same_shape = (config.cell, config.embedding, config.layers, config.hidden, config.dropout) == (
        "lstm",
        256,
        3,
        512,
        0.5,
    )
    return [
        Claim(
            "P3",
            "paper, section 3.2",
            "embedding 256, three LSTM layers of 512, dropout .5 after each",
            f"{config.architecture}, embedding {config.embedding}, dropout {dropout}: {config.parameters:,} parameters",
            "the vocabulary decides the rest: 104 characters make 5,859,432 parameters, 80 make 5,840,976; "
            "less dropout learns faster where epochs are few",
            same_shape,
        ),
        _score_claim(run, score),
    ]


def article_claims(runs: Sequence[Run]) -> list[Claim]:
    """A1 of the evaluated runs of the article's shape on its text, those of one recipe together."""
    found: dict[str, list[tuple[Run, float]]] = {}
    for run in runs:
        shape, ended = run.model_config, run.status in ("finished", "figures only")
        right = (run.kind, run.config["corpus"]["name"], shape.architecture) == ("word", "ptb", "LSTM 2 x 650")
        if right and ended and not run.untrained_twin_of and (tested := _tested(run)) is not None:
            settings, tables = run.train_config, "one table" if shape.tied else "two tables"
            recipe = f"{OPTIMISERS[settings.optimiser]}, {settings.epochs} epochs, {tables}"
            found.setdefault(recipe, []).append((run, tested))
    return [
        Claim(
            "A1",
            "article",
            "an LSTM of words, 2 x 650, on 929,589 words of the Wall Street Journal (how well it predicts is not told)",
            f"{', '.join(run.name for run, _ in some)}: perplexity "
            f"{_listed([run.validation['perplexity'] for run, _ in some])} on the validation part, "
            f"{_listed([tested for _, tested in some])} on the test part",
            "of this size 86.2 (validation) and 82.7 (test) are published (Zaremba et al. 2014: SGD, 39 epochs, two "
            f"tables of embeddings); here: {recipe}",
            None,
        )
        for recipe, some in found.items()
    ]


def _listed(scores: Sequence[float]) -> str:
    return ", ".join(f"{score:.1f}" for score in scores)


def _tested(run: Run) -> float | None:
    """Its perplexity on the test part, where that was measured."""
    part = run.results().get("evaluation", {}).get("test")
    score = part.get("perplexity") if isinstance(part, dict) else None
    return score if isinstance(score, int | float) and abs(score) < LARGEST else None


def _score_claim(run: Run, score: float | None) -> Claim:
    """P4, the paper's score on War and Peace, or for a run on the Brown corpus P5, that on LOB, which it stands for."""
    settings, corpus = run.train_config, run.config["corpus"]["name"]
    measured = "not trained yet" if score is None else f"{score:.3f} bits per character on {corpus}"
    recipe = f"{OPTIMISERS[settings.optimiser]}, {settings.epochs} epochs, batch {settings.batch}"
    if corpus == "brown":
        return Claim(
            "P5",
            "paper, section 3.2",
            "1.787 bits per character on the first 5% of the LOB corpus",
            measured,
            "another corpus, so no verdict: LOB is not to be had and Brown, its American model, stands in, its first "
            f"5% as the paper has it; the paper: AdaGrad, 100 epochs; here: {recipe}",
            None,
        )
    return Claim(
        "P4",
        "paper, section 3.2",
        "1.660 bits per character on the last 5% of War and Peace",
        measured,
        f"the paper: plain SGD, 170 epochs; here: {recipe}; editions differ in quotes and line breaks",
        None if score is None or not corpus.startswith("war-and-peace") else score <= 1.66,
    )
