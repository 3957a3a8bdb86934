"""How far the mean of a few runs, such as three seeds of one model, can be trusted."""

from collections.abc import Sequence
from statistics import mean, stdev


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The interval of 95 % of a mean (Student's t); from one value nothing is known: from minus to plus infinity."""
    from scipy.stats import t as student  # slow to import

    count = len(values)
    if count < 2:
        return float("-inf"), float("inf")
    half = float(student.ppf(0.975, count - 1)) * stdev(values) / count**0.5
    return mean(values) - half, mean(values) + half
