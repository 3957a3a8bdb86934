"""Wide vectors on a plane, neighbours near each other (t-SNE). The only module that loads openTSNE."""

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.progress import Progress, silent

PERPLEXITY = 30  # thesis, section 5.2
STEPS = 750  # openTSNE's own: 250 that draw groups together, 500 that spread them out
EVERY = 25  # steps between reports


def tsne(
    vectors: NDArray[np.floating], seed: int = 0, *, perplexity: float = PERPLEXITY, report: Progress = silent
) -> NDArray[np.float32]:
    """Places (P, 2) of `vectors` (P, D) by t-SNE, begun from their principal components.

    The same for a seed on a machine with as many cores, for the library seeds every thread that looks for neighbours.
    18,000 vectors of 128 values are about a minute's work of one core, shared out over all of them.
    Distances between far groups mean little, only who is near whom. Raises ValueError for fewer than 10 vectors.
    """
    if len(vectors) < 10:
        raise ValueError(f"{len(vectors)} points are too few for a map: give at least 10")
    from openTSNE import TSNE

    done = 0

    def tell(step: int, divergence: float, places: NDArray[np.floating]) -> None:
        nonlocal done
        done += EVERY
        report(done / STEPS, f"moving {len(flat):,} points")

    report(0.0, f"looking for the neighbours of {len(vectors):,} points")
    flat = np.ascontiguousarray(vectors, dtype=np.float64)
    near = min(perplexity, (len(flat) - 1) / 3)
    made = TSNE(
        perplexity=near,
        early_exaggeration_iter=STEPS // 3,
        n_iter=STEPS - STEPS // 3,
        random_state=seed,
        n_jobs=-1,
        callbacks=tell,
        callbacks_every_iters=EVERY,
        verbose=False,
    )
    return np.asarray(made.fit(flat), dtype=np.float32)
