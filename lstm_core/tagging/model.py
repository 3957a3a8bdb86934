"""The network that labels text: embeddings and letters of words, recurrent layers in one or two directions, labels.

One of the few modules that load torch when they are imported. Knows batches; knows nothing of files or texts.
B texts, T words, U different words, C letters, H units of a direction, D directions, K labels.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstm_core.runs.cells import CELLS
from lstm_core.runs.layers import new_layers
from lstm_core.tagging.settings import NetworkConfig
from lstm_core.tagging.words import Batch, WordList

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
