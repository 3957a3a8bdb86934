"""Where this program keeps its files, and how it writes them so that a kill never leaves half of one.

Knows paths, hashes and renames; knows nothing of what the files mean.
"""

import hashlib
import json
import os
import re
import tempfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "models"
# what reading a damaged .npz may raise
UNREADABLE = (OSError, ValueError, EOFError, KeyError, TypeError, BadZipFile, zlib.error, NotImplementedError)
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


def home() -> Path:
    """The folder for a person's own runs, recordings and texts: `$LSTM_HOME`, else the user's cache folder."""
    if folder := os.environ.get("LSTM_HOME"):
        return Path(folder)
    from platformdirs import user_cache_path

    return user_cache_path("lstm-workbench")


def data_folder() -> Path | None:
    """The folder with data sets already at hand (`$LSTM_DATA`), or None."""
    folder = os.environ.get("LSTM_DATA")
    return Path(folder) if folder else None


def check_name(name: str, what: str = "name") -> str:
    """`name` itself when it is safe as the name of a folder; raises ValueError that says what is allowed."""
    if not NAME.fullmatch(name) or name.strip(".") == "":
        raise ValueError(
            f"{what} {name[:80]!r} is not usable: 1 to 64 letters, digits, dots, dashes or underscores, not only dots"
        )
    return name


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well it is flushed to disk and renamed over `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(descriptor)
    part = Path(name)
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` whole or not at all."""
    with replacing(path) as part:
        part.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON to `path`, whole or not at all."""
    write_bytes(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """The JSON document in `path`; raises ValueError that names the file when it is missing, cut or garbled."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: restore it or remove the folder") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}): restore it or remove the folder") from None


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inventory(folder: Path, names: list[str]) -> dict[str, dict[str, Any]]:
    """Size in bytes and SHA-256 of the named files of a folder, as stored in a manifest."""
    with ThreadPoolExecutor() as pool:  # hashing gigabytes leaves the interpreter free
        hashes = pool.map(sha256_of, [folder / name for name in names])
        return {
            name: {"bytes": (folder / name).stat().st_size, "sha256": found}
            for name, found in zip(names, hashes, strict=True)
        }


def check_inventory(folder: Path, listed: dict[str, dict[str, Any]], *, hashes: bool) -> None:
    """Raise ValueError naming the first listed file that is missing, of another size or (with `hashes`) changed."""
    for name, expected in listed.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ValueError(f"{path} is missing: the folder is not complete, make it again")
        if path.stat().st_size != expected["bytes"]:
            raise ValueError(f"{path} has {path.stat().st_size} bytes, its manifest says {expected['bytes']}: damaged")
        if hashes and sha256_of(path) != expected["sha256"]:
            raise ValueError(f"{path} does not match its sha256: the file was changed or damaged")


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock of that file."""
    if not path.is_file():
        return False
    from filelock import FileLock, Timeout

    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False
