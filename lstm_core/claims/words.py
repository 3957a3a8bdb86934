"""What the paper says of word vectors (PROTOCOLS P12 to P16) beside what is kept of a run. Nothing is computed anew."""

from collections.abc import Sequence

from lstm_core.claims.claim import Claim, Verdict, measures
from lstm_core.runs.run import Run
from lstm_core.word_vectors.benchmark_scores import SimilarityResult
from lstm_core.word_vectors.benchmarks import PAPER
from lstm_core.word_vectors.rare_words import TagAgreement
from lstm_core.word_vectors.report import PAPER_TYPES, TableRow, WordReport
from lstm_core.word_vectors.similarity import Score, mean_rho

EDITIONS = ("war-and-peace", "war-and-peace-unicode")  # the paper's book; the second as the paper has it
MOST = 0.5  # a share of neighbours that counts as most
PAPER_MEAN = sum(columns[0].rho for columns in PAPER.values()) / len(PAPER)
KINDS = {"paper": "the paper's vectors", "best": "chosen by cross-fitting"}


def word_claims(
    run: Run, report: WordReport | None, paper: SimilarityResult | None, best: SimilarityResult | None
) -> list[Verdict]:
    """P12 to P16 for a run from what is kept of it; what is not kept is left out. Empty for models of words."""
    if run.kind != "char":
        return []
    edition = str(run.config["corpus"]["name"])
    claims = []
    if report is not None:
        book = edition in EDITIONS
        claims += [_types(report, edition), _counts(report.rows)] if book else []
        claims += [_neighbours(report, book), _metrics(report)]
    for name, result in (("paper", paper), ("best", best)):
        if result is not None:
            claims.append(_benchmarks(name, result.scores, edition))
    if report is not None and report.agreement is not None:
        claims.append(_once(report.agreement))
    return claims


@measures("P12")
def _types(claim: Claim, report: WordReport, edition: str) -> Verdict:
    ours, off = report.types, claim.figures["off"] if edition != EDITIONS[1] else 0
    asked = ("words", "vocabulary") if off else PAPER_TYPES
    holds = all(abs(ours[name] - PAPER_TYPES[name]) <= off * PAPER_TYPES[name] for name in asked)
    return claim.judged(claim.says.format(**ours), holds, **PAPER_TYPES)


@measures("P13")
def _counts(claim: Claim, rows: Sequence[TableRow]) -> Verdict:
    bound = claim.figures["off"]
    fits = all(abs(row.counted - row.paper_counted) <= bound * row.paper_counted for row in rows)
    others = [f"{row.word} {row.counted:,} ({row.paper_counted:,})" for row in rows if row.counted != row.paper_counted]
    told = f"{len(rows) - len(others)} of {len(rows)} to the digit" + (f"; else: {', '.join(others)}" if others else "")
    return claim.judged(told, fits)


@measures("P14-tags")
def _neighbours(claim: Claim, report: WordReport, book: bool) -> Verdict:
    there = [row for row in report.rows if row.neighbours]
    same, of = sum(row.overlap for row in there), sum(len(row.neighbours) for row in there)
    told = f"{report.same_tag:.0%} of the neighbours of {report.drawn:,} words drawn at random have it"
    told += f"; {same} of {of} neighbours are the paper's own" if of else ""
    return claim.judged(told, report.same_tag > MOST, text="" if book else ", another text")


@measures("P14-metrics")
def _metrics(claim: Claim, report: WordReport) -> Verdict:
    told = f"it finds {report.by_euclid:.0%} of the same, of {report.drawn:,} words drawn at random"
    return claim.judged(told, report.by_euclid > MOST)


@measures("P15")
def _benchmarks(claim: Claim, kind: str, scores: Sequence[Score], text: str) -> Verdict:
    """On the benchmarks of the paper's table; without all of them there is no verdict."""
    compared = [one for one in scores if one.task in PAPER]
    others = [one.task for one in scores if one.task not in PAPER]
    missing = sorted(PAPER.keys() - {one.task for one in compared})
    above = sum(one.rho is not None and one.rho > PAPER[one.task][0].rho for one in compared)
    mean = mean_rho(compared)
    average = "no correlation" if mean is None else f"{mean:.3f}"
    told = (
        f"{KINDS[kind]}: {average} on average, above the paper's on {above} of {len(compared)}; pairs found "
        f"{sum(one.found for one in compared):,} (the paper: {sum(PAPER[one.task][0].found for one in compared):,})"
    )
    told += f". Left out, for the paper has no such row: {', '.join(others)}" if others else ""
    told += f". Not measured: {', '.join(missing)}" if missing else ""
    aim = f", and aim at {2 * PAPER_MEAN:.3f}, twice the paper's" if kind == "best" else ""
    holds = None if mean is None or missing else above >= claim.figures["above"]
    return claim.judged(told, holds, count=len(PAPER), mean=PAPER_MEAN, text=text, aim=aim)


@measures("P16")
def _once(claim: Claim, found: TagAgreement) -> Verdict:
    more, less = found.only_neighbours, found.only_spelling
    spread = 1.959964 * (more + less - (more - less) ** 2 / found.words) ** 0.5  # of a difference of paired shares
    told = (
        f"of {found.words:,} words seen once {found.neighbours:.1%} get the right one from their neighbours "
        f"({found.low:.1%} to {found.high:.1%}), {found.spelling:.1%} from ending and capital letter alone, "
        f"{found.majority:.1%} when always {found.majority_tag} is said"
    )
    return claim.judged(told, more - less > spread, more=more, less=less)
