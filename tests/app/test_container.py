"""The container: what its recipe promises, checked by a linter and by reading it."""

import fnmatch
import json
import re
import shlex
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from app import __main__ as start

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile"
Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    """(word, rest) of each instruction, comments dropped and continued lines joined."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest.strip()) for word, rest in (line.split(maxsplit=1) for line in joined.splitlines())]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, what stands before the first left out."""
    found: list[list[Instruction]] = []
    for word, rest in instructions():
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


def of_the_image(word: str) -> list[str]:
    """What the last stage says under a word."""
    return [rest for other, rest in stages()[-1] if other == word]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in of_the_image("ENV") for pair in shlex.split(rest))


def health_check() -> list[str]:
    """The words of the command that asks whether the program is well."""
    return json.loads(of_the_image("HEALTHCHECK")[0].split("CMD", 1)[1])


def test_the_linter_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "--no-color", "--failure-threshold", "style", DOCKERFILE], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_linter_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp && apt-get install curl\n")
    done = subprocess.run([Path(sys.executable).with_name("hadolint"), tmp_path / "Dockerfile"], capture_output=True)
    assert done.returncode == 1
    assert b"DL3006" in done.stdout  # the base has no version


def test_packages_are_built_in_one_stage_and_run_in_another() -> None:
    build, image = stages()
    assert [rest for word, rest in build if word == "FROM"] == ["${BASE} AS build"]
    assert [rest for word, rest in image if word == "FROM"] == ["${BASE}"]
    assert "pip" not in " ".join(of_the_image("RUN"))
    assert "--from=build /venv /venv" in of_the_image("COPY")


def test_the_base_has_a_version_that_the_program_is_for() -> None:
    base = next(rest for word, rest in instructions() if word == "ARG" and rest.startswith("BASE="))
    found = re.fullmatch(r"BASE=python:3\.(\d+)-slim-\w+", base)
    assert found is not None
    assert int(found[1]) in (11, 12, 13)


def test_nothing_runs_as_root() -> None:
    (user,) = of_the_image("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)  # numbers: a cluster can tell them from root's without the image
    words = [word for word, _ in stages()[-1]]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "RUN" not in words[words.index("USER") :]


def test_what_people_make_is_kept_in_a_volume_of_theirs() -> None:
    (volume,) = of_the_image("VOLUME")
    assert environment()["LSTM_HOME"] == volume
    uid, gid = of_the_image("USER")[0].split(":")
    assert f"install --directory --owner={uid} --group={gid} {volume}" in of_the_image("RUN")


def test_no_cache_and_no_secret_stay_in_a_layer() -> None:
    build = stages()[0]
    assert any("PIP_NO_CACHE_DIR=1" in rest for word, rest in build if word == "ENV")
    (install,) = (rest for word, rest in build if word == "RUN" and "pip install" in rest)
    assert "--mount=type=secret,id=pip,target=/etc/pip.conf" in install
    for word, rest in instructions():
        if word in ("ARG", "ENV"):
            assert not re.search(r"token|password|secret|://[^/]*@", rest, re.IGNORECASE)
        assert word != "ADD"


def test_the_program_starts_on_all_addresses_of_the_container() -> None:
    words = json.loads(of_the_image("ENTRYPOINT")[0])
    assert words[:3] == ["python3", "-m", "app"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options == {"--address": "0.0.0.0", "--port": of_the_image("EXPOSE")[0]}
    served = start.command(int(options["--port"]), options["--address"])
    assert served[served.index("--server.address") + 1] == "0.0.0.0"


def test_every_documented_run_publishes_on_this_machine_only() -> None:
    shown = [line for name in ("README.md", "Dockerfile") for line in (ROOT / name).read_text().splitlines()]
    runs = [line for line in shown if "docker run" in line]
    assert len(runs) >= 2
    for line in runs:
        assert re.search(r" -p 127\.0\.0\.1:\d+:8501 ", line), line


class Answer(BaseHTTPRequestHandler):
    """Says to /_stcore/health what the test wants."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/_stcore/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def answers() -> Iterator[int]:
    """The port of a server that answers as `Answer.status` says."""
    with socketserver.TCPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def ask(port: int) -> int:
    """The exit code of the health check, asked of another port."""
    words = [word.replace(":8501/", f":{port}/") for word in health_check()]
    assert words != health_check()
    return subprocess.run([sys.executable, *words[1:]], capture_output=True).returncode


def test_the_health_check_tells_a_server_that_is_well(answers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert health_check()[0] == "python3"
    assert ask(answers) == 0
    monkeypatch.setattr(Answer, "status", 503)
    assert ask(answers) != 0


def test_the_health_check_tells_that_nobody_listens() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), Answer) as server:
        port = server.server_address[1]
    assert ask(port) != 0


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out: the last rule that fits it or a folder above it decides."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    parts = Path(path).parts
    heads = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    out = False
    for rule in (line for line in lines if line and not line.startswith("#")):
        pattern = rule.removeprefix("!")
        if any(_fits(head, pattern) for head in heads):
            out = not rule.startswith("!")
    return out


def _fits(path: str, pattern: str) -> bool:
    """Part by part, as a star does not reach over a slash; two stars stand for any parts."""
    if pattern.startswith("**/"):
        return _fits(path.rsplit("/", 1)[-1], pattern.removeprefix("**/"))
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


@pytest.mark.parametrize(
    "path",
    [
        ".git/config", ".venv/bin/python", "tests/test_run.py", "shared/data/x", "pip.conf", ".env", "build/app.py",
        "lstm_core/__pycache__/run.pyc", "app/__pycache__/x.pyc", "benchmarks/training.py", ".mypy_cache/x", "Makefile",
        "models/mine/checkpoint/checkpoint.safetensors", "models/mine/.weights.safetensors.1.part",
    ],
)  # fmt: skip
def test_what_does_not_run_stays_out_of_the_image(path: str) -> None:
    assert ignored(path)


def test_what_runs_is_in_the_image() -> None:
    sources = [path for room in ("app", "pages", "lstm_core") for path in (ROOT / room).rglob("*.py")]
    shipped = [
        path for name in ("config.json", "weights.safetensors", "CARD.md") for path in ROOT.glob(f"models/*/{name}")
    ]
    others = [ROOT / name for name in ("requirements.txt", "LICENSE", "app/icon.png", ".streamlit/config.toml")]
    assert len(sources) > 200
    assert len(shipped) >= 4
    for path in [*sources, *shipped, *others]:
        assert path.is_file()
        assert not ignored(str(path.relative_to(ROOT)))


# The launcher's part --------------------------------------------------------------------------------------------------


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ValueError, match=r"192\.0\.2\.1 is no address of this machine: leave --address out"):
        start.free_port(8501, "192.0.2.1")  # reserved for documentation, nobody has it


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_streamlit_does_not_ask_the_internet_where_it_is(address: str) -> None:
    """Listening on all addresses it does, unless one is named for the browser."""
    words = start.command(8501, address)
    assert words[words.index("--browser.serverAddress") + 1] == "127.0.0.1"


def test_a_port_taken_on_one_address_is_taken_on_all(answers: int) -> None:
    assert not start.is_free(answers, "0.0.0.0")


def test_the_address_asked_for_is_where_the_server_listens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(start.os, "chdir", lambda folder: None)
    monkeypatch.setattr(start.os, "execv", lambda program, words: ran.append(words))
    monkeypatch.setattr(sys, "argv", ["app", "--no-demo", "--address", "0.0.0.0"])
    start.main()
    words = ran[0]
    port = int(words[words.index("--server.port") + 1])
    assert words == start.command(port, "0.0.0.0")
    assert f"http://127.0.0.1:{port} " in capsys.readouterr().out  # an address that a browser can open
