"""The tensors of a file that nobody vouches for, read in a process of its own with bounded time and memory.

Knows torch's zip files and safetensors; knows nothing of models or runs. Only tensors come out, and no code of the file
is ever run: torch reads with `weights_only`, and what it would not read so is refused.
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_core.runs.settings import MAX_PARAMETERS
from lstm_core.storage.arrays import Arrays, check_header, load_arrays, save_arrays
from lstm_core.storage.files import ROOT

if TYPE_CHECKING:
    from torch import Tensor

TORCH, SAFE = (".pt", ".pth"), (".safetensors",)
MAX_FILE_BYTES = 4 * MAX_PARAMETERS + 2**26
MAX_ENTRIES = 10_000
MAX_PICKLE_BYTES = 2**22  # names and shapes of the tensors; their values lie beside it
WALL_SECONDS, CPU_SECONDS = 300, 120
SPARE_BYTES = 2**29  # what reading takes beside a few copies of the file
REFUSED = 3
SAVE_ANEW = "save the weights alone with torch.save(model.state_dict(), 'model.pt') and import that"


def read_tensors(source: Path) -> Arrays:
    """All tensors of a .pt, .pth or .safetensors file by name, as finite float32 arrays.

    Another process reads it, with at most 120 s of processor time and memory for a few copies of the file. Raises
    ValueError that names the file when it is missing, too large, of another format, or holds anything but tensors.
    """
    check_file(source)
    with tempfile.TemporaryDirectory(prefix="lstm-workbench-") as folder:
        target = Path(folder) / "tensors.safetensors"
        read_apart(__name__, [str(source.resolve()), str(target)], source.name, SAVE_ANEW)
        return load_arrays(target)[0]


def read_apart(module: str, words: Sequence[str], name: str, remedy: str, seconds: int = WALL_SECONDS) -> None:
    """Let a process of its own, `python -m module WORDS`, read what is called `name` (see `refusing`).

    Raises ValueError with its words where it refuses that, and with the remedy where it ends badly or takes too long.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"{name} was not read within {seconds} s: {remedy}") from None
    if done.returncode == REFUSED:
        raise ValueError(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        raise ValueError(f"{name} is not a supported format, or takes more than its share of time or memory: {remedy}")


def check_file(source: Path) -> None:
    """Raise ValueError when a file cannot be one of weights by its name or size, before anything is read."""
    if source.suffix.lower() not in (*TORCH, *SAFE):
        raise ValueError(f"{source.name}: {source.suffix or 'no ending'} is not a supported format: {SAVE_ANEW}")
    if not source.is_file():
        raise ValueError(f"{source} is not there, or no file: give the path of the weights")
    if (size := source.stat().st_size) > MAX_FILE_BYTES:
        raise ValueError(
            f"{source.name} has {size / 2**30:.1f} GiB, the limit is {MAX_FILE_BYTES / 2**30:.1f} GiB: "
            f"save it as float16, or without the optimiser's state ({SAVE_ANEW})"
        )


# In the process of its own --------------------------------------------------------------------------------------------


def tensors_of(source: Path) -> Arrays:
    """What `read_tensors` returns, read here; raises ValueError that names the file."""
    if source.suffix.lower() in TORCH:
        with bounded_memory(SPARE_BYTES):
            _check_zip(source)
    import torch  # needs more room than it takes

    torch.set_num_threads(1)  # threads would take room of their own
    with bounded_memory(SPARE_BYTES + 6 * source.stat().st_size):
        tensors = _of_torch(source) if source.suffix.lower() in TORCH else _of_safetensors(source)
        return _as_arrays(source, tensors)


@contextmanager
def bounded_memory(extra: int) -> Iterator[None]:
    """Let this process take at most `extra` bytes more than it has now, where the system knows such a limit."""
    statm = Path("/proc/self/statm")
    if not statm.is_file():
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(statm.read_text().split()[0]) * resource.getpagesize()
    wanted = now + extra if before[0] == resource.RLIM_INFINITY else min(now + extra, before[0])
    resource.setrlimit(resource.RLIMIT_AS, (wanted, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _check_zip(source: Path) -> None:
    """Raise ValueError unless the file is a zip as torch writes it: nothing compressed, nothing beyond its size."""
    name, size = source.name, source.stat().st_size
    with source.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            raise ValueError(f"{name} is not a supported format (no zip file of torch): {SAVE_ANEW}")
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, MemoryError) as error:
        raise ValueError(f"{name} is cut or damaged ({type(error).__name__}): copy or save it again") from None
    inside = [entry.filename.partition("/")[2] for entry in entries]
    if len(entries) > MAX_ENTRIES or len({entry.filename for entry in entries}) < len(entries):
        raise ValueError(f"{name} is not a supported format (its list of parts is not torch's): {SAVE_ANEW}")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ValueError(f"{name} is not a supported format (it is compressed): {SAVE_ANEW}")
    if sum(entry.file_size for entry in entries) > size:
        raise ValueError(f"{name} is not a supported format (it claims to hold more than its {size:,} bytes)")
    if any(part == "constants.pkl" or part.startswith("code/") for part in inside):
        raise ValueError(f"{name} holds a program (TorchScript): not a supported format. Instead {SAVE_ANEW}")
    sizes = [entry.file_size for entry, part in zip(entries, inside, strict=True) if part == "data.pkl"]
    if len(sizes) != 1 or sizes[0] > MAX_PICKLE_BYTES:
        raise ValueError(f"{name} is not a supported format (its list of tensors is missing or huge): {SAVE_ANEW}")


def _of_torch(source: Path) -> dict[str, "Tensor"]:
    import pickle

    import torch

    try:
        found = torch.load(source, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        what = re.search(r"GLOBAL (\S+)", str(error))
        inside = f"objects ({shown(what[1])})" if what else "objects"
        raise _no_tensors(source, f"{inside} that are not tensors") from None
    except Exception as error:
        raise ValueError(
            f"{source.name} is damaged or not a supported format ({type(error).__name__}): {SAVE_ANEW}"
        ) from None
    if not isinstance(found, dict) or not found:
        raise _no_tensors(source, "no tensors by name")
    for name, value in found.items():
        if not isinstance(name, str) or type(value) not in (torch.Tensor, torch.nn.Parameter):
            raise _no_tensors(source, f"{shown(name)}, which is no tensor")
    return found


def _no_tensors(source: Path, what: str) -> ValueError:
    return ValueError(f"{source.name} holds {what}: not a supported format. Instead {SAVE_ANEW}")


def _of_safetensors(source: Path) -> dict[str, "Tensor"]:
    from safetensors import safe_open

    try:
        with safe_open(source, framework="pt") as file:
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        check_header(source)
    except Exception as error:
        raise ValueError(
            f"{source.name} is not a supported format: no whole safetensors file ({shown(error)}): "
            "copy or save it again"
        ) from None
    if not found:
        raise ValueError(f"{source.name} holds no tensor: give the file of the weights")
    return found


def _as_arrays(source: Path, tensors: dict[str, "Tensor"]) -> Arrays:
    """The tensors as float32 arrays, each made only when its values are known to lie in the file."""
    import torch

    held, floats = 0, (torch.float16, torch.bfloat16, torch.float32, torch.float64)
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.dtype not in floats:
            raise ValueError(
                f"{source.name}: {shown(name)} is {tensor.dtype}, {tensor.layout}: "
                "not a supported format, save dense tensors of float16, bfloat16, float32 or float64"
            )
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise ValueError(f"{source.name}: {shown(name)} claims more values than the file holds: save it again")
        held += tensor.numel()
    if held > 2 * MAX_PARAMETERS:
        raise ValueError(f"{source.name} holds {held:,} values, the limit is {2 * MAX_PARAMETERS:,}: {SAVE_ANEW}")
    arrays = {}
    for name, tensor in tensors.items():
        values = tensor.detach().to(torch.float32)
        if not values.isfinite().all():
            raise ValueError(
                f"{source.name}: {shown(name)} holds values that are not finite: the training diverged or the file is "
                "damaged, import an earlier one"
            )
        arrays[name] = values.contiguous().numpy()
    return arrays


def shown(value: object, most: int = 120) -> str:
    """What a file says, on one line and short: it may hold anything."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))[:most]


def refusing(act: Callable[[], object], seconds: int = CPU_SECONDS) -> None:
    """What a process of `read_apart` does, in so much processor time: a ValueError ends it as a refusal."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except ImportError:  # a system without such limits: the wall clock bounds it
        pass
    try:
        act()
    except ValueError as error:
        print(str(error).replace("\n", " "), file=sys.stderr, flush=True)
        raise SystemExit(REFUSED) from None


if __name__ == "__main__":
    refusing(lambda: save_arrays(Path(sys.argv[2]), tensors_of(Path(sys.argv[1]))))
