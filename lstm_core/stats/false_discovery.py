"""Many tests at once: which share of those that are called true is false? Knows arrays only."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FALSE_SHARE = 0.05  # at most, of what is said to be learned, confirmed or periodic


def adjusted(p_values: Sequence[float] | NDArray[np.floating]) -> NDArray[np.float64]:
    """P-values (N,), also none, adjusted for their number (Benjamini and Hochberg): the share of false finds among all
    that are at least as sure.
    """
    from scipy.stats import false_discovery_control  # slow to import

    return np.asarray(false_discovery_control(p_values) if len(p_values) else np.zeros(0))
