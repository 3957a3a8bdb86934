"""Train recurrent language models, record what every unit does, and analyse it. No user interface."""

import os

# Threads that wait must sleep: with spinning ones a reader beside a training run is a hundred times slower. Has to be
# said before torch loads its OpenMP library.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"
