"""The loss of a model over a range of a text, read as parallel streams: what training scores its validation by."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lstm_core.runs.model import LanguageModel


class Cancelled(Exception):
    """A person asked to stop while the validation split was being read."""


def never() -> bool:
    """Nobody cancels."""
    return False


def evaluate(
    model: LanguageModel,
    ids: NDArray[np.int32],
    start: int,
    stop: int,
    *,
    warm_up: int = 500,
    cancelled: Callable[[], bool] = never,
) -> float:
    """Mean loss (nats per token) of the tokens [start, stop) of `ids` given all before them.

    The range is read as parallel streams; each first reads `warm_up` tokens before its part unscored, so that its state
    is that of one long stream (paper: state carried in from the training part). The first token of a text, which
    nothing predicts, is not scored. Raises Cancelled as soon as `cancelled()` says so.
    """
    first = max(start, 1)
    streams = max(1, min(64, (stop - first) // 1000))
    lead = np.full(streams, warm_up)  # tokens that each stream reads unscored; the first may have fewer before it
    lead[0] = min(warm_up, first - 1)
    length = -(-(stop - first + lead.sum()) // streams)
    begin = first - lead[0] + (length - warm_up) * np.arange(streams)
    position = begin[None, :] + np.arange(length)[:, None]  # (length, B)
    scored = (position >= begin + lead) & (position < stop)
    device = model.decoder.weight.device
    clipped = np.minimum(position, stop - 1)
    inputs = torch.from_numpy(ids[clipped - 1]).to(device, torch.long)
    targets = torch.from_numpy(ids[clipped]).to(device, torch.long)
    weight = torch.from_numpy(scored).to(device)
    training, total, state = model.training, 0.0, model.zero_state(streams)
    model.eval()
    with torch.inference_mode():
        for t in range(0, length, 100):
            if cancelled():
                raise Cancelled
            logits, state = model(inputs[t : t + 100], state)
            if weight[t : t + 100].any():
                losses = nn.functional.cross_entropy(
                    logits.flatten(0, 1).float(), targets[t : t + 100].flatten(), reduction="none"
                )
                total += float(losses.double() @ weight[t : t + 100].flatten().double())
    model.train(training)
    return total / (stop - first)
