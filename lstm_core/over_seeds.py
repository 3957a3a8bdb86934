"""How far the mean of a few runs, such as three seeds of one model, can be trusted."""

from collections.abc import Sequence
from statistics import mean, stdev

# Student's t for intervals of 95 %, by degrees of freedom (from 10 on that of the normal distribution is near).
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The interval of 95 % of a mean; from one value nothing is known: from minus to plus infinity."""
    if len(values) < 2:
        return float("-inf"), float("inf")
    student = _STUDENT[len(values) - 2] if len(values) - 2 < len(_STUDENT) else 2.0
    half = student * stdev(values) / len(values) ** 0.5
    return mean(values) - half, mean(values) + half
