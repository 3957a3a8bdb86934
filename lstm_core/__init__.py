"""Train recurrent language models, record what every unit does, and analyse it. No user interface."""

__version__ = "0.1.0"
