"""The network that labels text: embeddings and letters of words, recurrent layers in one or two directions, labels; and
its training: batches of like length, AdamW, one report an epoch, resumable to the bit.

One of the few modules that load torch when they are imported. Knows encoded texts; knows nothing of files. N words, S
texts of all; of a batch B texts, T words, U different words, C letters, H units of a direction, D directions, K labels.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import conv1d
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstm_core.runs.cells import CELLS
from lstm_core.runs.layers import new_layers
from lstm_core.storage.arrays import Arrays
from lstm_core.storage.progress import Progress, silent
from lstm_core.tagging.settings import LabelTraining, NetworkConfig
from lstm_core.tagging.words import NOT_SCORED, Batch, Encoded, WordList, batch_of, batches, labels_of, places_of

READ_AT_ONCE = 8192  # words, where nothing is trained
LETTER_SIZE = 16  # of the embedding of a letter
EMBEDDING_SPREAD = 0.1  # at first; with torch's own, 1, rare words stay noise: .82 right after an epoch against .90
WINDOW = 5  # letters that a filter sees at once: "ting" and the mark of the end


class LabelNetwork(nn.Module):
    """A tagger, or a classifier where the settings name a pooling."""

    def __init__(self, config: NetworkConfig, words: int, letters: int, labels: int):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(words, config.embedding)
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_SPREAD)
        if config.character_filters:
            self.letters = nn.Embedding(letters, LETTER_SIZE, padding_idx=0)
            # a matrix, so that it is kept as int8 rows like the others; used as the weight of a convolution
            self.filters = nn.Linear(WINDOW * LETTER_SIZE, config.character_filters)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = new_layers(
            CELLS[config.cell],
            config.embedding + config.character_filters,
            config.hidden,
            config.layers,
            bidirectional=config.directions == 2,
            dropout=config.dropout,
        )
        self.decoder = nn.Linear(config.states, labels)

    def forward(self, batch: Batch) -> Tensor:
        """Logits of the labels: of each word (B, T, K), or of each text (B, K) where the settings name a pooling."""
        states = self.states(batch)
        if self.config.pooling is not None:
            states = self.pooled(states, torch.from_numpy(batch.lengths))
        logits: Tensor = self.decoder(self.dropout(states))
        return logits

    def states(self, batch: Batch) -> Tensor:
        """The hidden states of the last layer (B, T, D H): forward, then backward; 0 behind a text's end."""
        packed = pack_padded_sequence(
            self.read(batch), torch.from_numpy(batch.lengths), batch_first=True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(self.layers(packed)[0], batch_first=True)
        return states

    def read(self, batch: Batch) -> Tensor:
        """What the layers are given of each word (B, T, embedding + character_filters)."""
        read = self.embedding(torch.from_numpy(batch.words))
        if self.config.character_filters:
            spelled = self.spelled(torch.from_numpy(batch.spelling))  # (U, F)
            read = torch.cat([read, spelled[torch.from_numpy(batch.types)]], dim=2)
        found: Tensor = self.dropout(read)
        return found

    def spelled(self, spelling: Tensor) -> Tensor:
        """The highest value of each filter over the letters of a word (U, F) (Ma and Hovy 2016), from (U, C)."""
        letters = self.letters(spelling).transpose(1, 2)  # (U, LETTER_SIZE, C)
        weight = self.filters.weight.view(-1, LETTER_SIZE, WINDOW)
        found = conv1d(letters, weight, self.filters.bias, padding=WINDOW // 2)
        return torch.relu(found.masked_fill((spelling == 0).unsqueeze(1), -torch.inf).amax(dim=2))

    def pooled(self, states: Tensor, lengths: Tensor) -> Tensor:
        """One vector for each text (B, D H) from the states of its words (B, T, D H)."""
        if self.config.pooling == "mean":
            return states.sum(dim=1) / lengths.unsqueeze(1)
        last = states[torch.arange(len(lengths)), lengths - 1]
        if self.config.pooling == "both":
            hidden = self.config.hidden
            last = torch.cat([last[:, :hidden], states[:, 0, hidden:]], dim=1)
        return last


def new_network(config: NetworkConfig, known: WordList, seed: int) -> LabelNetwork:
    """A network as drawn from a seed; torch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LabelNetwork(config, len(known.words) + 1, len(known.letters) + 4, len(known.labels))


@dataclass(frozen=True)
class EpochReport:
    """An epoch of training: mean loss in nats a label, share of right labels in [0, 1] on the development part."""

    epoch: int
    train_loss: float
    development: float
    rate: float
    seconds: float


@dataclass
class TrainingState:
    """Where training stands after an epoch: what a checkpoint holds beside the weights of the network as they are."""

    reports: list[EpochReport] = field(default_factory=list)
    best: Arrays = field(default_factory=dict)  # the weights of the best epoch
    moments: Arrays = field(default_factory=dict)  # AdamW's, and its count of steps

    def ended(self, training: LabelTraining) -> bool:
        """Whether all epochs are done, or the development part no longer improves."""
        found = [one.development for one in self.reports]
        stale = len(found) - 1 - found.index(max(found)) if found else 0
        return len(found) >= training.epochs or stale >= training.patience


def train(
    network: LabelNetwork,
    given: Encoded,
    development: Encoded,
    training: LabelTraining,
    progress: TrainingState | None = None,
    *,
    report: Progress = silent,
) -> Iterator[EpochReport]:
    """Train a network to its last epoch from where `progress` stands; yields a report an epoch, and `progress` is as it
    was reported. Chance depends on seed and epoch alone, so that one who resumes gets the same weights to the bit (one
    thread). `report` is called with the share of the epoch that is done.
    """
    progress = TrainingState() if progress is None else progress
    optimiser = torch.optim.AdamW(
        network.parameters(), training.learning_rate, weight_decay=training.weight_decay, fused=True
    )
    _restore(optimiser, network, progress.moments)
    forgotten = _forgotten(given, training.forget)
    while not progress.ended(training):
        epoch, began = len(progress.reports), time.perf_counter()
        chance = np.random.default_rng([training.seed, epoch])
        order = batches(given.lengths, training.batch, chance)
        hidden = chance.random(len(given.types)) < forgotten[given.types]
        total = count = 0.0
        network.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1000 * training.seed + epoch)
            for step, texts in enumerate(order):
                rate = training.learning_rate * rate_share(training, epoch * len(order) + step, len(order))
                for group in optimiser.param_groups:
                    group["lr"] = rate
                batch = batch_of(given, texts, hidden)
                labels = torch.from_numpy(labels_of(given, batch)).flatten()
                loss = nn.functional.cross_entropy(
                    network(batch).flatten(0, -2), labels, ignore_index=NOT_SCORED, reduction="sum"
                )
                scored = max(1, int((labels != NOT_SCORED).sum()))
                optimiser.zero_grad()
                (loss / scored).backward()
                nn.utils.clip_grad_norm_(network.parameters(), training.clip_norm)
                optimiser.step()
                total, count = total + float(loss.detach()), count + scored
                if step % 50 == 0:
                    report(step / len(order), f"epoch {epoch + 1}")
        found = accuracy(network, development)
        if found > max((one.development for one in progress.reports), default=-1.0):
            progress.best = weights_of(network)
        progress.moments = _moments(optimiser, network)
        progress.reports.append(EpochReport(epoch + 1, total / count, found, rate, time.perf_counter() - began))
        yield progress.reports[-1]


def rate_share(training: LabelTraining, step: int, steps: int) -> float:
    """The share of the highest rate at a step, of `steps` an epoch: up over a twentieth of all, then down to 0."""
    whole = training.epochs * steps
    warm = max(1, whole // 20)
    return min((step + 1) / warm, (whole - step) / (whole - warm + 1))


def _forgotten(given: Encoded, forget: float) -> NDArray[np.float64]:
    """The probability that each different word (W,) is read as an unknown one. Counted as it stands: "Wisdom" may be
    rare where "wisdom", whose number it has, is not.
    """
    return np.asarray(forget / (forget + np.bincount(given.types, minlength=len(given.word))), np.float64)


def weights_of(network: LabelNetwork) -> Arrays:
    """The weights of a network, copied."""
    return {name: value.detach().numpy().copy() for name, value in network.named_parameters()}


def load_weights(network: LabelNetwork, arrays: Arrays) -> None:
    """Give a network its weights."""
    network.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})


def _moments(optimiser: torch.optim.Optimizer, network: LabelNetwork) -> Arrays:
    found: Arrays = {}
    for name, value in network.named_parameters():
        for key, moment in optimiser.state[value].items():
            found[f"{name}/{key}"] = np.atleast_1d(moment.numpy().copy())
    return found


def _restore(optimiser: torch.optim.Optimizer, network: LabelNetwork, moments: Arrays) -> None:
    for name, value in network.named_parameters() if moments else ():
        kept = {key: torch.from_numpy(moments[f"{name}/{key}"].copy()) for key in ("step", "exp_avg", "exp_avg_sq")}
        optimiser.state[value] = {**kept, "step": kept["step"].squeeze()}


def probabilities(network: LabelNetwork, given: Encoded, *, report: Progress = silent) -> NDArray[np.float32]:
    """The probability of each label: of each word (N, K), or of each text (S, K); NaN for an empty text."""
    network.eval()
    tagger, labels = network.config.pooling is None, network.decoder.out_features
    found = np.full((len(given.types) if tagger else len(given), labels), np.nan, dtype=np.float32)
    order = batches(given.lengths, READ_AT_ONCE)
    with torch.inference_mode():
        for number, texts in enumerate(order):
            batch = batch_of(given, texts)
            told = torch.softmax(network(batch), dim=-1).numpy()
            if tagger:
                places, there = places_of(given, texts)
                found[places[there]] = told[there]
            else:
                found[texts] = told
            report((number + 1) / len(order), "reading")
    return found


def accuracy(network: LabelNetwork, given: Encoded) -> float:
    """Share of right labels, in [0, 1], among those that are scored."""
    found, scored = probabilities(network, given).argmax(axis=1), given.labels != NOT_SCORED
    return float((found == given.labels)[scored].mean())
