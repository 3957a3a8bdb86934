"""What this machine is, so that ratios measured on it can be read: processor, threads, measured matrix rate."""

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import torch

SIZE = 2048
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a script finds `tools` beside its own folder


def matrix_rate(dtype: torch.dtype, size: int = SIZE, repeats: int = 5) -> float:
    """GFLOP/s of a product of two square matrices, best of a few (a multiply-add counts as two operations)."""
    one, other = torch.rand(size, size).to(dtype), torch.rand(size, size).to(dtype)
    one @ other
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        one @ other
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def machine() -> dict[str, Any]:
    """The lines that every benchmark prints beside its ratios."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    there = torch.ops.mkldnn._is_mkldnn_bf16_supported()  # without it one product takes minutes
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "load": round(os.getloadavg()[0], 2),  # above 0 at the start: others are at work here, and figures suffer
        "float32_gflops": round(matrix_rate(torch.float32), 1),
        "bfloat16_gflops": round(matrix_rate(torch.bfloat16), 1) if there else None,
    }


if __name__ == "__main__":
    print(json.dumps(machine(), indent=1))
