"""How fast `train` trains, and that it learns no worse for it.

The peer is the loop one writes: float32, nn.LSTM with `dropout=` and nn.Dropout before the decoder, AdamW, clipping,
the same rate at each step, the same text cut into the same streams, the same first weights. Speed: both train in turn,
a block of steps each, so that whatever else the machine does hits both. Quality: both train a small model for some
epochs, and the same function scores their weights on the validation part.
"""

import argparse
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from machine import machine
from torch import Tensor, nn

from lstm_core.runs.cells import CELLS, DEFAULT
from lstm_core.runs.evaluate import evaluate
from lstm_core.runs.model import LanguageModel, build
from lstm_core.runs.settings import PRESETS, ModelConfig, TrainConfig
from lstm_core.runs.store import create_run
from lstm_core.runs.train import Report, autocast_dtype, rate_at, streams_of, train
from lstm_core.text.corpus import Corpus, corpus_of, read_corpus


class Peer(nn.Module):
    """The ordinary model of the same shape."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.encoder = nn.Embedding(config.vocabulary, config.embedding)
        self.rnn = nn.LSTM(config.embedding, config.hidden, config.layers, dropout=config.dropout)
        self.dropout = nn.Dropout(config.dropout)
        self.decoder = nn.Linear(config.hidden, config.vocabulary)

    def forward(self, ids: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        x, state = self.rnn(self.encoder(ids), state)
        return self.decoder(self.dropout(x)), state


def peer_weights(model: LanguageModel) -> dict[str, Tensor]:
    """Our weights under the peer's names."""
    found = {}
    for name, value in model.state_dict().items():
        if name.startswith("rnn."):
            _, layer, part = name.split(".")
            name = f"rnn.{part[:-1]}{layer}"
        found[name] = value
    return found


def our_model(config: ModelConfig, peer: Peer) -> LanguageModel:
    """The peer's weights in a model of ours, to be scored by the same function."""
    model, values = build(config, 0), dict(peer.named_parameters())
    with torch.no_grad():
        for (_, target), name in zip(model.state_dict(keep_vars=True).items(), peer_weights(model), strict=True):
            target.copy_(values[name])
    return model


def peer_steps(corpus: Corpus, config: ModelConfig, training: TrainConfig, peer: Peer) -> Iterator[float]:
    """Trains the peer; yields the loss of each step."""
    torch.manual_seed(training.seed)
    streams = streams_of(corpus.part("train"), training.batch)
    windows = range(0, len(streams) - 1, training.bptt)
    steps = len(windows) * training.epochs
    optimiser = torch.optim.AdamW(peer.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: rate_at(training, step, steps) / training.learning_rate
    )
    peer.train()
    for _ in range(training.epochs):
        state = None
        for start in windows:
            window = streams[start : start + training.bptt + 1]
            logits, state = peer(window[:-1], state)
            state = tuple(part.detach() for part in state)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), window[1:].flatten())
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(peer.parameters(), training.clip_norm)
            optimiser.step()
            schedule.step()
            yield loss.item()


def our_steps(name: str, corpus: Corpus, config: ModelConfig, training: TrainConfig, every: float) -> Iterator[Report]:
    """Trains ours in a run of its own; reports each `every` seconds (0 = each step)."""
    run = create_run(name, corpus, config, training)
    return train(run, corpus, report_seconds=every, checkpoint_seconds=math.inf)


def speed(corpus: Corpus, steps: int, block: int, cell: str) -> dict[str, Any]:
    """Seconds for the same steps of `quick`, in turn; the first step of each (set-up) is not counted.

    The peer is of the same size, and an LSTM whatever the cell.
    """
    preset = PRESETS["quick"]
    config, training = preset.model_config(len(corpus.vocabulary), cell=cell), preset.training
    peer = Peer(config)
    peer.load_state_dict(peer_weights(build(replace(config, cell=DEFAULT), training.seed)))
    ours, theirs = our_steps("speed", corpus, config, training, 0), peer_steps(corpus, config, training, peer)
    next(ours), next(theirs)
    seconds: dict[str, list[float]] = {"ours": [], "peer": []}
    processor = {"ours": 0.0, "peer": 0.0}  # seconds, of all threads: what else the machine does is not in it
    for _ in range(math.ceil(steps / block)):
        for name, loop in (("ours", ours), ("peer", theirs)):
            start, processor_start = time.perf_counter(), time.process_time()
            for _ in range(block):
                next(loop)
            seconds[name].append(time.perf_counter() - start)
            processor[name] += time.process_time() - processor_start
    del ours  # ends its training and frees its run
    tokens = training.batch * training.bptt * block * len(seconds["ours"])
    ratios = [theirs / ours for ours, theirs in zip(*seconds.values(), strict=True)]
    return {
        "architecture": config.architecture,
        "steps": block * len(ratios),
        "ours_precision": str(autocast_dtype(training, torch.device("cpu")) or torch.float32).removeprefix("torch."),
        "ours_tokens_per_second": round(tokens / sum(seconds["ours"])),
        "peer_tokens_per_second": round(tokens / sum(seconds["peer"])),
        "times_peer": round(sum(seconds["peer"]) / sum(seconds["ours"]), 2),
        "times_peer_by_block": [round(ratio, 2) for ratio in ratios],
        "times_peer_in_processor_time": round(processor["peer"] / processor["ours"], 2),
    }


def quality(corpus: Corpus, epochs: int, seeds: int) -> dict[str, Any]:
    """Validation loss (nats per character) after each epoch, the same seeds for both."""
    config = ModelConfig(len(corpus.vocabulary), embedding=64, hidden=256, layers=2, dropout=0.2)
    found: dict[str, list[list[float]]] = {"ours": [], "peer": []}
    for seed in range(1, seeds + 1):
        training = replace(PRESETS["quick"].training, epochs=epochs, seed=seed)
        reports = our_steps(f"quality-{seed}", corpus, config, training, math.inf)
        found["ours"].append([report.validation_loss for report in reports if report.validation_loss is not None])
        peer = Peer(config)
        peer.load_state_dict(peer_weights(build(config, seed)))
        found["peer"].append([])
        steps = -(-(len(corpus.part("train")) // training.batch - 1) // training.bptt)
        for number, _ in enumerate(peer_steps(corpus, config, training, peer), 1):
            if number % steps == 0:
                score = evaluate(our_model(config, peer), corpus.ids, *corpus.splits["validation"])
                found["peer"][-1].append(score)
    means = {name: [sum(epoch) / seeds for epoch in zip(*runs, strict=True)] for name, runs in found.items()}
    return {
        "architecture": config.architecture,
        "training_tokens": len(corpus.part("train")),
        "seeds": seeds,
        **{f"{name}_loss_by_epoch": [[round(x, 4) for x in run] for run in runs] for name, runs in found.items()},
        "ours_minus_peer_by_epoch": [
            round(ours - theirs, 4) for ours, theirs in zip(means["ours"], means["peer"], strict=True)
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60, help="of each, for speed")
    parser.add_argument("--cell", choices=CELLS, default=DEFAULT, help="of ours, for speed")
    parser.add_argument("--block", type=int, default=5, help="steps before the other's turn")
    parser.add_argument("--characters", type=int, default=400_000, help="of the text, for quality; 0 leaves it out")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    corpus = read_corpus("war-and-peace")
    result: dict[str, Any] = {"benchmark": "training", "machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LSTM_HOME"] = folder
        result["speed"] = speed(corpus, options.steps, options.block, options.cell)
        if options.characters:
            text = corpus.vocabulary.decode(corpus.ids[: options.characters])
            result["quality"] = quality(corpus_of(text, "beginning"), options.epochs, options.seeds)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
