"""Training: truncated backpropagation through time over one long text, one report at a time, resumable to the bit.

Writes only into the run's folder. Knows nothing of pages.
"""

import json
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median_low
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lstm_core.runs.card import write_card
from lstm_core.runs.cells import CELLS
from lstm_core.runs.evaluate import Cancelled, evaluate, never
from lstm_core.runs.layers import multiplies_bfloat16
from lstm_core.runs.model import State, build, detached
from lstm_core.runs.run import Run, score_of
from lstm_core.runs.settings import TrainConfig
from lstm_core.storage.arrays import check_shapes, load_arrays, save_arrays
from lstm_core.text.corpus import Corpus

REPORT_SECONDS = 2.0
CHECKPOINT_SECONDS = 60.0
PACE_REPORTS = 31  # so many reports, about a minute, say how long a step takes


@dataclass(frozen=True)
class Report:
    """One line of metrics.jsonl. Losses in nats per token, `rate` the learning rate, `time_left` in seconds.

    `train_loss` is the mean since the last report; `validation_loss` is there at the end of an epoch. The scores are
    the same losses in bits per character, or as perplexity for words.
    """

    step: int
    epoch: float
    train_loss: float
    validation_loss: float | None
    train_score: float
    validation_score: float | None
    rate: float
    gradient_norm: float
    tokens_per_second: float
    seconds: float
    time_left: float


@dataclass
class _Progress:
    """Where training stands: everything a checkpoint holds beside weights, optimiser, state and generator."""

    step: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    best: float = math.inf


def train(
    run: Run,
    corpus: Corpus,
    *,
    cancelled: Callable[[], bool] = never,
    report_seconds: float = REPORT_SECONDS,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> Iterator[Report]:
    """Train a run to its last epoch, from its checkpoint where there is one; yields a Report every few seconds.

    Ends early, with a checkpoint and status "cancelled", when `cancelled()` or the run's cancel file says so; with
    status "diverged at step n" when the loss is no longer finite. Cancelled while the validation split is read, it
    keeps the checkpoint before (at most `checkpoint_seconds` old). Raises RunBusy when another process trains the run,
    ValueError when the corpus is not the one the run was made for, and for a precision that this machine lacks.
    """
    if corpus.fingerprint != run.config["corpus"]["fingerprint"]:
        raise ValueError(f"{run.name} was made for another text than {corpus.name}: its fingerprint differs")
    autocast_dtype(run.train_config)  # a refusal comes before anything is written
    with run.training_lock():
        run.set_status("training")
        loop = _Loop(run, corpus, report_seconds, checkpoint_seconds)
        try:
            yield from loop.reports(lambda: cancelled() or (run.folder / "cancel").exists())
        finally:  # served at the end and not dropped at the start: it may come while the text is still being read
            (run.folder / "cancel").unlink(missing_ok=True)


def streams_of(ids: NDArray[np.int32], batch: int) -> Tensor:
    """The text cut into `batch` streams, side by side: (steps, batch).

        a b c d e f g h i j k l   batch 3 ->  a e i     each column goes on where the step before left it,
                                              b f j     so the state is carried from one window of `bptt`
                                              c g k     rows to the next and only the gradient is cut
                                              d h l

    The remainder that fills no row is left out. Raises ValueError when a stream would have fewer than two tokens.
    """
    steps = len(ids) // batch
    if steps < 2:
        raise ValueError(f"{len(ids)} tokens cannot be cut into {batch} streams: use a smaller batch or a longer text")
    return torch.from_numpy(ids[: steps * batch].astype(np.int64)).view(batch, steps).t().contiguous()


def rate_at(config: TrainConfig, step: int, steps: int) -> float:
    """The one-cycle learning rate of a step: linear warm-up over a tenth of the steps, cosine to a thousandth."""
    warm = max(1, steps // 10)
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    return config.learning_rate * (0.001 + 0.999 * (1 + math.cos(math.pi * done)) / 2)


def training_device() -> torch.device:
    """Where training computes: a graphics card where torch finds one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast_dtype(config: TrainConfig, device: torch.device | None = None) -> torch.dtype | None:
    """bfloat16 where asked for, or where "auto" finds hardware for it; None for float32.

    Raises ValueError where bfloat16 is asked for and the device, that of training when left out, cannot multiply it.
    """
    if config.precision == "float32":
        return None
    if (device or training_device()).type == "cuda":
        there, quick = torch.cuda.is_bf16_supported(), torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        there = multiplies_bfloat16()
        quick = there and torch.cpu._is_avx512_bf16_supported()
    if config.precision == "bfloat16" and not there:
        raise ValueError(
            "precision bfloat16 is asked for, and this processor does not multiply bfloat16: choose float32, or auto, "
            "which takes what is quickest here. A run that began elsewhere goes on as a new one: train it with "
            "--start-from and the name of the old one"
        )
    return torch.bfloat16 if config.precision == "bfloat16" or quick else None


class _Loop:
    """The state of one training process and its step."""

    def __init__(self, run: Run, corpus: Corpus, report_seconds: float, checkpoint_seconds: float):
        self.run, self.corpus, self.config = run, corpus, run.train_config
        self.report_seconds, self.checkpoint_seconds = report_seconds, checkpoint_seconds
        if self.config.threads:
            torch.set_num_threads(self.config.threads)
        self.device = training_device()
        self.dtype = autocast_dtype(self.config, self.device)
        self.streams = streams_of(corpus.part("train"), self.config.batch).to(self.device)  # (T, B)
        self.windows = -(-(len(self.streams) - 1) // self.config.bptt)
        self.steps = self.windows * self.config.epochs
        begun = "started_from" in run.config  # then its first weights are those of another run
        self.model = (run.load_model() if begun else build(run.model_config, self.config.seed)).to(self.device)
        self.optimiser = _optimiser(self.model, self.config)
        self.progress = _Progress(rate=self.config.learning_rate)
        self.pace: deque[float] = deque(maxlen=PACE_REPORTS)  # seconds a step since the report before, this process
        self.validation_seconds = 0.0  # of this process' last validation
        self.state: State | None = None
        torch.manual_seed(self.config.seed + 1)
        if (run.folder / "checkpoint" / "checkpoint.safetensors").is_file():
            self._restore()

    def reports(self, cancelled: Callable[[], bool]) -> Iterator[Report]:
        progress = self.progress
        self._trim_log()
        started = reported = checkpointed = time.monotonic()
        before = progress.seconds
        losses: list[Tensor] = []
        tokens = 0
        norm: Tensor | float = 0.0
        while progress.step < self.steps:
            if cancelled():
                if not self._diverged(losses, norm):
                    self._checkpoint()
                    self.run.set_status("cancelled")
                return
            loss, norm, count = self._step()
            losses.append(loss)
            tokens += count
            now = time.monotonic()
            progress.seconds = before + now - started
            ends_epoch = progress.step % self.windows == 0
            if not (ends_epoch or now - reported >= self.report_seconds or progress.step == 1):
                continue
            if self._diverged(losses, norm):
                return
            mean, speed = float(torch.stack(losses).mean()), tokens / max(now - reported, 1e-9)
            self.pace.append((now - reported) / len(losses))
            try:
                validation = self._end_epoch(cancelled) if ends_epoch else None
            except Cancelled:
                self.run.set_status("cancelled")
                return
            if self._diverged([torch.tensor(validation or 0.0)], norm):
                return
            report = self._report(mean, validation, float(norm), speed)
            self._write(report)
            if ends_epoch:
                write_card(self.run)
            reported = time.monotonic()
            losses, tokens = [], 0
            if ends_epoch or reported - checkpointed >= self.checkpoint_seconds:
                self._checkpoint()
                checkpointed = time.monotonic()
            yield report
        self._finish()

    def _step(self) -> tuple[Tensor, Tensor | float, int]:
        config, progress = self.config, self.progress
        start = (progress.step % self.windows) * config.bptt
        window = self.streams[start : start + config.bptt + 1]
        if start == 0:
            self.state = None
        if config.schedule == "one-cycle":
            progress.rate = rate_at(config, progress.step, self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = progress.rate
        self.model.train()
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None):
            logits, state = self.model(window[:-1], self.state)
        loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), window[1:].flatten())
        self.state = detached(state)
        loss.backward()
        norm: Tensor | float = nn.utils.clip_grad_norm_(self.model.parameters(), config.clip_norm or math.inf)
        if config.clip_value:
            nn.utils.clip_grad_value_(self.model.parameters(), config.clip_value)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        progress.step += 1
        return loss.detach(), norm, window[1:].numel()

    def _diverged(self, losses: list[Tensor], norm: Tensor | float) -> bool:
        """Whether the losses of the last steps or the last gradient are not finite; the status then says since when."""
        values = torch.stack([*losses, torch.as_tensor(norm, device=losses[0].device if losses else None)])
        if values.isfinite().all():
            return False
        first = int((~values.isfinite()).nonzero()[0])
        self.run.set_status(f"diverged at step {self.progress.step - max(0, len(losses) - 1 - first)}")
        return True

    def _end_epoch(self, cancelled: Callable[[], bool]) -> float:
        """Validation loss; keeps the weights when it is the best so far, lowers the rate on a plateau."""
        progress, config = self.progress, self.config
        begun = time.monotonic()
        loss = evaluate(self.model, self.corpus.ids, *self.corpus.splits["validation"], cancelled=cancelled)
        self.validation_seconds = time.monotonic() - begun
        if config.schedule == "plateau" and loss >= progress.best:
            progress.rate *= config.factor
        if loss < progress.best:
            progress.best = loss
            self.run.save_weights(self._weights())
        return loss

    def _weights(self) -> dict[str, NDArray[Any]]:
        return {name: value.detach().cpu().numpy() for name, value in self.model.named_parameters()}

    def _report(self, loss: float, validation: float | None, norm: float, speed: float) -> Report:
        progress = self.progress
        epoch = progress.step / self.windows
        kind = self.run.kind
        score = None if validation is None else score_of(validation, kind)
        scores = score_of(loss, kind), score
        times = {"seconds": progress.seconds, "time_left": self._time_left()}
        return Report(
            progress.step, epoch, loss, validation, *scores, progress.rate, norm, tokens_per_second=speed, **times
        )

    def _time_left(self) -> float:
        """Seconds to the end: the steps at this process' pace of late, and its validations once one was timed.

        The middle of the last reports is the pace, because a pause falls into one of them; sessions before this one
        do not count, their machine may have been busy with other work.
        """
        validations = self.config.epochs - self.progress.step // self.windows
        return median_low(self.pace) * (self.steps - self.progress.step) + self.validation_seconds * validations

    def _write(self, report: Report) -> None:
        with (self.run.folder / "metrics.jsonl").open("ab") as file:
            file.write(json.dumps(asdict(report)).encode() + b"\n")

    def _trim_log(self) -> None:
        """End a line that a kill tore, so that the next one stands alone."""
        path = self.run.folder / "metrics.jsonl"
        if path.is_file() and path.stat().st_size and path.read_bytes()[-1:] != b"\n":
            with path.open("ab") as file:
                file.write(b"\n")

    def _finish(self) -> None:
        if not self.config.epochs:
            self.run.save_weights(self._weights())
        self._checkpoint()
        write_card(self.run)
        self.run.set_status("finished")

    # Checkpoint -------------------------------------------------------------------------------------------------------

    def _checkpoint(self) -> None:
        arrays = {f"model.{name}": value for name, value in self._weights().items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            for key, value in moments.items():
                if value is not None:
                    arrays[f"optimiser.{index}.{key}"] = torch.as_tensor(value).cpu().numpy()
        for layer, memory in enumerate(self.state or ()):
            for part, value in enumerate(memory):
                arrays[f"state.{layer}.{part}"] = value.float().cpu().numpy()
        arrays["generator"] = torch.get_rng_state().numpy()
        path = self.run.folder / "checkpoint" / "checkpoint.safetensors"
        save_arrays(path, arrays, {"progress": json.dumps(asdict(self.progress))})

    def _restore(self) -> None:
        path = self.run.folder / "checkpoint" / "checkpoint.safetensors"
        arrays, notes = load_arrays(path)
        if "progress" not in notes or "generator" not in arrays:
            raise ValueError(f"{path} is not a checkpoint: remove its folder to train from the start")
        weights = {name.removeprefix("model."): array for name, array in arrays.items() if name.startswith("model.")}
        check_shapes(weights, {name: tuple(value.shape) for name, value in self.model.named_parameters()}, str(path))
        kept = json.loads(notes["progress"])
        kept.pop("last", None)  # written by earlier versions
        self.progress = _Progress(**kept)
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        self.model.load_state_dict({name: tensors[f"model.{name}"] for name in weights}, strict=False)
        stored = self.optimiser.state_dict()
        for name, tensor in tensors.items():
            if name.startswith("optimiser."):
                _, index, key = name.split(".")
                stored["state"].setdefault(int(index), {})[key] = tensor
        self.optimiser.load_state_dict(stored)
        layers = self.run.model_config.layers
        if "state.0.0" in tensors:
            parts = len(CELLS[self.run.model_config.cell].state)
            self.state = tuple(
                tuple(tensors[f"state.{layer}.{part}"].to(self.device) for part in range(parts))
                for layer in range(layers)
            )
        torch.set_rng_state(tensors["generator"])


def _optimiser(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    options: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    if config.optimiser == "sgd":
        return torch.optim.SGD(model.parameters(), **options)
    if config.optimiser == "adagrad":
        return torch.optim.Adagrad(model.parameters(), **options)
    return torch.optim.AdamW(model.parameters(), fused=True, **options)
