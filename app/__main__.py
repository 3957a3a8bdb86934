"""Start the workbench: `python -m app` prepares the demo (what the pages show of the shipped model, recorded once and
kept), finds a free port, says the address and becomes Streamlit.
"""

import argparse
import os
import socket
import sys
from collections.abc import Callable

from lstm_core.recordings.find import find
from lstm_core.recordings.recording import recordings_folder
from lstm_core.runs.cells import CELLS
from lstm_core.runs.store import open_run
from lstm_core.storage.files import ROOT
from lstm_core.storage.progress import Progress
from lstm_core.text.corpus import read_corpus

ADDRESS = "127.0.0.1"  # this machine only
EVERYWHERE = "0.0.0.0"
PORTS = range(8501, 8601)
LENGTH = 30_000  # tokens, from the start of the validation split: text the model was not trained on
RUNS: dict[str, tuple[str, ...]] = {  # the signals each is recorded with; () = all
    "war-and-peace-char": (),
    "war-and-peace-char-untrained": ("h",),
}


def is_free(port: int, address: str = ADDRESS) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        if os.name == "posix":  # a port whose last server has just ended is free; elsewhere the option means more
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def free_port(asked: int | None = None, address: str = ADDRESS) -> int:
    """The port asked for, else the first free one from 8501; raises ValueError with the remedy when there is none."""
    if not is_free(0, address):  # 0 stands for any port
        raise ValueError(
            f"{address} is no address of this machine: leave --address out, or {EVERYWHERE} for all it has"
        )
    if asked is not None:
        if not 1 <= asked <= 65535:
            raise ValueError(f"port {asked} does not exist: choose one from 1024 to 65535")
        if not is_free(asked, address):
            raise ValueError(f"port {asked} is taken or not allowed: choose another, or leave --port out")
        return asked
    port = next((port for port in PORTS if is_free(port, address)), None)
    if port is None:
        raise ValueError(f"ports {PORTS[0]} to {PORTS[-1]} are all taken: choose one with --port")
    return port


def in_browser(address: str) -> str:
    """The address that a browser on this machine can open: of a server that listens on all, the first it has."""
    return ADDRESS if address == EVERYWHERE else address


def command(port: int, address: str = ADDRESS) -> list[str]:
    """The words that start Streamlit there without asking a first-run question; `.streamlit` holds the rest."""
    server = ["--server.address", address, "--server.port", str(port), "--server.headless", "true"]
    # Named, or Streamlit asks a host on the internet under which address it is known there.
    browser = ["--browser.serverAddress", in_browser(address), "--browser.gatherUsageStats", "false"]
    return [sys.executable, "-m", "streamlit", "run", "app", *server, *browser]


def prepare(report: Progress, say: Callable[[str], object] = print) -> None:
    """Record the runs of the demo, unless that was done before; `say` gets whole lines, `report` share done and a word.

    A run that cannot be recorded (not at hand, its text missing, disk full) is named with the reason and left out:
    the workbench is of use without it.
    """
    for name, signals in RUNS.items():
        try:
            _prepare(name, signals, report, say)
        except Exception as error:
            say(f"Demo: {name} is left out: {error}")


def _prepare(name: str, signals: tuple[str, ...], report: Progress, say: Callable[[str], object]) -> None:
    run = open_run(name)
    if not run.has_weights:
        raise ValueError(f"it has no weights ({run.status})")
    start, end = read_corpus(run.config["corpus"]["name"], run.kind).splits["validation"]
    span = (start, min(start + LENGTH, end))
    layers = range(1, run.model_config.layers + 1)
    of_text, kept = run.config["corpus"]["fingerprint"], signals or CELLS[run.model_config.cell].signals
    if any(
        one.spec.span == span for one in find(run.fingerprint, kept, layers, text=of_text, span=span, positions="all")
    ):
        say(f"Demo: the recording of {name} is there.")
        return
    # Here, not above: loading torch takes longer than everything else of a second start.
    from lstm_core.recordings.record import RecordQuery, bytes_needed, corpus_text, record

    text, query = corpus_text(run, "", start, span[1] - start), RecordQuery(signals)
    say(
        f"Demo: {name} reads {len(text.ids):,} tokens of {text.name}, once: "
        f"{bytes_needed(run, text, query) / 2**20:,.0f} MiB, kept in {recordings_folder()}"
    )
    record(run, text, query, report=report)
    report(1.0, "kept")


def progress() -> Progress:
    """Shows share and word: one line that is written over on a terminal, else a line each tenth."""
    last = -1

    def show(share: float, word: str) -> None:
        nonlocal last
        if sys.stdout.isatty():
            print(f"\r  {share:4.0%} {word:<40}", end="\n" if share >= 1 else "", flush=True)
        elif int(share * 10) != last:
            last = int(share * 10)
            print(f"  {share:4.0%} {word}", flush=True)

    return show


def main() -> None:
    """Read the options and do it; a mistake becomes one line and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m app", description="Start the LSTM workbench on this machine.")
    parser.add_argument("--port", type=int, help=f"the port; the first free one from {PORTS[0]} when left out")
    parser.add_argument(
        "--address", default=ADDRESS, help=f"where to listen; {ADDRESS}, this machine only, when left out"
    )
    parser.add_argument("--no-demo", action="store_true", help="do not record anything first")
    parser.add_argument("--prepare-only", action="store_true", help="record the demo, start nothing")
    options = parser.parse_args()
    try:
        if not options.prepare_only:
            free_port(options.port, options.address)  # told now rather than after the demo
        if not options.no_demo:
            prepare(progress())
        if options.prepare_only:
            return
        port = free_port(options.port, options.address)
    except ValueError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        raise SystemExit(130) from None
    print(f"\n  LSTM workbench: http://{in_browser(options.address)}:{port}   (Ctrl-C ends it)\n", flush=True)
    os.chdir(ROOT)
    os.execv(sys.executable, command(port, options.address))


if __name__ == "__main__":
    main()
