"""What the sources say of models beside how ours do (PROTOCOLS P3 to P5, A1)."""

from collections.abc import Sequence

from lstm_core.claims.claim import Claim, Verdict, measures
from lstm_core.runs.run import Run
from lstm_core.runs.settings import OPTIMISERS
from lstm_core.storage.documents import LARGEST


def training_claims(run: Run) -> list[Verdict]:
    """P3, and P4 or for the Brown corpus P5, for a character run; empty for others."""
    if run.kind != "char" or run.untrained_twin_of:
        return []
    return [_shape(run), _brown(run) if run.config["corpus"]["name"] == "brown" else _book(run)]


def article_claims(runs: Sequence[Run]) -> list[Verdict]:
    """A1 of the evaluated runs of the article's shape on its text, those of one recipe together."""
    found: dict[str, list[tuple[Run, float]]] = {}
    for run in runs:
        shape, ended = run.model_config, run.status in ("finished", "figures only")
        right = (run.kind, run.config["corpus"]["name"], shape.architecture) == ("word", "ptb", "LSTM 2 x 650")
        if right and ended and not run.untrained_twin_of and (tested := _tested(run)) is not None:
            settings, tables = run.train_config, "one table" if shape.tied else "two tables"
            recipe = f"{OPTIMISERS[settings.optimiser]}, {settings.epochs} epochs, {tables}"
            found.setdefault(recipe, []).append((run, tested))
    return [_article(recipe, some) for recipe, some in found.items()]


@measures("A1")
def _article(claim: Claim, recipe: str, tested: Sequence[tuple[Run, float]]) -> Verdict:
    """Of runs of one recipe with their perplexities on the test part."""
    told = (
        f"{', '.join(run.name for run, _ in tested)}: perplexity "
        f"{_listed([run.validation['perplexity'] for run, _ in tested])} on the validation part, "
        f"{_listed([score for _, score in tested])} on the test part"
    )
    return claim.judged(told, None, recipe=recipe)


def _listed(scores: Sequence[float]) -> str:
    return ", ".join(f"{score:.1f}" for score in scores)


def _tested(run: Run) -> float | None:
    """Its perplexity on the test part, where that was measured."""
    part = run.results().get("evaluation", {}).get("test")
    score = part.get("perplexity") if isinstance(part, dict) else None
    return score if isinstance(score, int | float) and abs(score) < LARGEST else None


@measures("P3")
def _shape(claim: Claim, run: Run) -> Verdict:
    config = run.model_config
    dropout = run.dropout_history or f"{config.dropout:g}"
    told = f"{config.architecture}, embedding {config.embedding}, dropout {dropout}: {config.parameters:,} parameters"
    return claim.judged(told, all(getattr(config, name) == value for name, value in claim.figures.items()))


@measures("P4")
def _book(claim: Claim, run: Run) -> Verdict:
    score, same = _score(run), run.config["corpus"]["name"].startswith("war-and-peace")
    holds = None if score is None or not same else score <= claim.figures["bits"]
    return claim.judged(_bits(run), holds, recipe=_recipe(run))


@measures("P5")
def _brown(claim: Claim, run: Run) -> Verdict:
    """The paper's score on LOB, for which the Brown corpus stands."""
    return claim.judged(_bits(run), None, recipe=_recipe(run))


def _score(run: Run) -> float | None:
    return run.validation.get("bits_per_character")


def _bits(run: Run) -> str:
    score = _score(run)
    return "not trained yet" if score is None else f"{score:.3f} bits per character on {run.config['corpus']['name']}"


def _recipe(run: Run) -> str:
    settings = run.train_config
    return f"{OPTIMISERS[settings.optimiser]}, {settings.epochs} epochs, batch {settings.batch}"
