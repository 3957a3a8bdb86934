"""A sweep: one configuration trained at several dropouts, with the same seed for all; each training an ordinary run.

Every run of a sweep names it in config.json and tells its whole plan, so that what an interruption left undone can be
made up from any of them. Each is trained by a job of its own folder, which outlives whoever started it and is found
there again. Knows nothing of pages, nor how training works.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean

from filelock import FileLock, Timeout

from lstm_core.runs.folder import RunBusy
from lstm_core.runs.run import Run
from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.runs.store import create_run, extend_run, list_runs, new_folder, open_run
from lstm_core.storage import jobs
from lstm_core.storage.files import check_name, home, is_locked
from lstm_core.text.corpus import Corpus, read_corpus

DROPOUTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # thesis, chapter 4
POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """Which trainings make up a sweep: every dropout, in [0, 1), with every seed.

    Raises ValueError for a dropout that cannot be, for one or a seed that is named twice, and for none at all.
    """

    name: str
    dropouts: tuple[float, ...] = DROPOUTS
    seeds: tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        check_name(self.name, "sweep name")
        if not self.dropouts or not self.seeds:
            raise ValueError("a sweep needs at least one dropout and one seed")
        if outside := [dropout for dropout in self.dropouts if not 0 <= dropout < 1]:
            raise ValueError(f"dropout {outside[0]:g} is not in [0, 1): choose others")
        names = list(self.members)
        if len(names) < len(self.dropouts) * len(self.seeds):
            raise ValueError("a dropout or a seed is named twice: name each once")
        check_name(max(names, key=len), "run name")

    @cached_property
    def members(self) -> dict[str, tuple[float, int]]:
        """Dropout and seed of every run by its name, by seed and dropout: NAME-d00, NAME-d10 ... NAME-d00-s2 ..."""
        first = min(self.seeds)
        return {
            f"{self.name}-d{_percent(dropout)}" + (f"-s{seed}" if seed != first else ""): (dropout, seed)
            for seed in sorted(self.seeds)
            for dropout in sorted(self.dropouts)
        }


@dataclass(frozen=True)
class Sweep:
    """A plan and those of its runs that are there, in the plan's order."""

    plan: Plan
    runs: tuple[Run, ...]

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def shipped(self) -> bool:
        """Whether it came with the program."""
        return any(run.shipped for run in self.runs)


@dataclass(frozen=True)
class SweepProgress:
    """Where the training of a sweep stands: share of all epochs done, names of the runs at work, how many wait and are
    finished, seconds left (None while no pace is known), and those that ended otherwise with what became of them.
    """

    share: float
    working: tuple[str, ...]
    waiting: int
    finished: int
    time_left: float | None
    stopped: dict[str, str]


# Finding and making sweeps --------------------------------------------------------------------------------------------


def sweeps() -> list[Sweep]:
    """All sweeps, by name, each with its runs."""
    members: dict[str, list[Run]] = {}
    for run in list_runs():
        if run.sweep and not run.untrained_twin_of:
            members.setdefault(run.sweep["name"], []).append(run)
    return [_sweep(name, runs) for name, runs in sorted(members.items())]


def open_sweep(name: str) -> Sweep:
    """The sweep of that name; raises ValueError when there is none."""
    found = {sweep.name: sweep for sweep in sweeps()}
    if check_name(name, "sweep name") not in found:
        raise ValueError(f"unknown sweep {name}; sweeps at hand: {', '.join(found) or 'none'}")
    return found[name]


def runs_named(names: Sequence[str]) -> list[Run]:
    """The runs of these names, each once; a sweep's name stands for its runs. Raises ValueError for an unknown one."""
    known = {sweep.name: sweep.runs for sweep in sweeps()}
    found = {run.name: run for name in names for run in known.get(name) or (open_run(name),)}
    return list(found.values())


def make_sweep(plan: Plan, corpus: Corpus, model: ModelConfig, training: TrainConfig) -> Sweep:
    """Make the runs of a plan that are not there yet, untrained; those that are there keep what they have.

    Dropout goes to all three places of the thesis: after the embedding, between the layers and before the decoder.
    Raises ValueError, and makes nothing, when a name is taken by a run outside the sweep, or runs of the sweep are
    there with other settings than these (epochs and threads apart).
    """
    known = next((sweep for sweep in sweeps() if sweep.name == plan.name), None)
    if known is not None:
        _check_same(known, corpus, model, training)
        plan = _joined(known.plan, plan)
    missing = [name for name in plan.members if known is None or name not in {run.name for run in known.runs}]
    for name in missing:
        new_folder(name)
    note = {"name": plan.name, "dropouts": list(plan.dropouts), "seeds": list(plan.seeds)}
    for name in missing:
        dropout, seed = plan.members[name]
        shape = replace(model, dropout=dropout, embedding_dropout=dropout)
        create_run(name, corpus, shape, replace(training, seed=seed), sweep=note)
    return open_sweep(plan.name)


def complete(sweep: Sweep, plan: Plan | None = None, *, epochs: int | None = None) -> Sweep:
    """The same sweep with every run of its plan, and of `plan` where more is asked for, made; each with `epochs`.

    What is missing gets the settings that the others have. Raises ValueError for fewer epochs than a run has, for a
    sweep that came with the program, and when its text has changed.
    """
    if sweep.shipped:
        raise ValueError(f"{sweep.name} came with the program and is finished: choose another name")
    longest = max(run.train_config.epochs for run in sweep.runs)
    epochs = longest if epochs is None else epochs
    plan = _joined(sweep.plan, plan or sweep.plan)
    if set(plan.members) - {run.name for run in sweep.runs}:
        first = sweep.runs[0]
        corpus = read_corpus(first.config["corpus"]["name"], first.kind)
        sweep = make_sweep(plan, corpus, first.model_config, replace(first.train_config, epochs=longest))
    if epochs < longest:
        raise ValueError(f"{sweep.name} is set to {longest} epochs, {epochs} are fewer: choose more")
    for run in sweep.runs:
        if run.train_config.epochs < epochs:
            extend_run(run, epochs)
    return open_sweep(sweep.name)


def _joined(one: Plan, other: Plan) -> Plan:
    """Both plans in one: nothing is taken out of a sweep."""
    if min(other.seeds) < min(one.seeds):
        raise ValueError(f"the first seed of {one.name} is {min(one.seeds)}, not {min(other.seeds)}: choose later ones")
    dropouts, seeds = {*one.dropouts, *other.dropouts}, {*one.seeds, *other.seeds}
    return Plan(one.name, tuple(sorted(dropouts)), tuple(sorted(seeds)))


def _sweep(name: str, runs: list[Run]) -> Sweep:
    """The sweep that these runs belong to. Each tells the plan as it was when the run was made."""
    notes = [run.sweep for run in runs if run.sweep]
    dropouts, seeds = ({value for note in notes for value in note[key]} for key in ("dropouts", "seeds"))
    plan = Plan(name, tuple(sorted(dropouts)), tuple(sorted(seeds)))
    by_name = {run.name: run for run in runs}
    return Sweep(plan, tuple(by_name[name] for name in plan.members if name in by_name))


def _check_same(sweep: Sweep, corpus: Corpus, model: ModelConfig, training: TrainConfig) -> None:
    """Raise ValueError when the runs of a sweep have other settings, those apart that may differ among them."""
    if sweep.shipped:
        raise ValueError(f"{sweep.name} came with the program and is finished: choose another name")
    run = sweep.runs[0]
    if run.config["corpus"]["fingerprint"] != corpus.fingerprint:
        raise ValueError(f"{sweep.name} reads another text than {corpus.name}: choose another name")
    may_differ = {"dropout", "embedding_dropout", "seed", "epochs", "threads"}
    for asked, there in ((asdict(model), asdict(run.model_config)), (asdict(training), asdict(run.train_config))):
        for key in asked.keys() - may_differ:
            if asked[key] != there[key]:
                raise ValueError(
                    f"{sweep.name} is there already with {key} {there[key]}, not {asked[key]}: choose another name"
                )


def _percent(dropout: float) -> str:
    """A dropout as it stands in names: 00, 05, 10, 12.5."""
    return f"{100 * dropout:02.0f}" if round(100 * dropout, 6).is_integer() else f"{100 * dropout:.6g}"


def beyond_dropout(runs: Sequence[Run]) -> list[str]:
    """In what else than dropout and seed runs differ, by name: "text", "hidden", "epochs" as planned, and so on."""
    settings = [
        {"text": run.config["corpus"].get("fingerprint"), **asdict(run.model_config), **asdict(run.train_config)}
        for run in runs
    ]
    may_differ = ("dropout", "embedding_dropout", "seed", "threads")
    names = [name for name in settings[0] if name not in may_differ] if settings else []
    return [name for name in names if len({one[name] for one in settings}) > 1]


# Training -------------------------------------------------------------------------------------------------------------


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_for(training: TrainConfig, workers: int) -> int:
    """Threads of each training where `workers` (0: not said) share the machine.

    Settings that name a number keep it. The products of a small model are too short to be shared between cores, what
    is won is lost by waiting for each other: its preset says one, and several trainings run side by side. The others
    share the cores out.
    """
    return training.threads or (max(1, cores() // workers) if workers > 1 else 0)


def train_sweep(
    sweep: Sweep, *, workers: int = 0, cancelled: Callable[[], bool] = lambda: False, poll: float = POLL_SECONDS
) -> Iterator[SweepProgress]:
    """Train what is unfinished, `workers` at a time (0: as many as fit); yields where it stands every `poll` seconds.

    There are never more at work than the cores have room for. Each training is a job of its run's folder: when this
    process is killed they go on to their ends, and the next call waits for them. Cancelled, all at work are asked to
    stop with a checkpoint, and it ends when they have. One that diverged stays as it is, those that died or were
    cancelled go on at the next call, the others are not kept waiting by it. Raises RunBusy when another process trains
    the sweep.
    """
    with _held(sweep.name):
        runs = sweep.runs
        waiting = [run for run in runs if not _at_work(run) and not _is_done(run)]
        room, asked = _room(runs, workers), set[str]()
        while True:
            working = [run for run in runs if _at_work(run)]
            if cancelled():
                waiting = []
                for run in working:
                    if run.name not in asked:
                        run.request_cancel()
                        asked.add(run.name)
            while waiting and len(working) < room:
                run = waiting.pop(0)
                jobs.start(run.folder, ["train", run.name])
                working.append(run)
            yield _progress(runs, working, waiting, room)
            if not working and not waiting:
                break
            time.sleep(poll)
        for name in asked:  # one that came as its training ended: heard by nobody, it would stop the next one
            (open_run(name).folder / "cancel").unlink(missing_ok=True)


@contextmanager
def _held(name: str) -> Iterator[None]:
    path = sweeps_folder() / name / "sweep.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path, timeout=1):
            yield
    except Timeout:
        raise RunBusy(f"the sweep {name} is at work already: wait for it or stop it") from None


def sweeps_folder() -> Path:
    """Where a sweep that trains has its lock, and its job where it is one: a folder a sweep."""
    return home() / "sweeps"


def _at_work(run: Run) -> bool:
    return jobs.is_alive(run.folder) or run.is_training


def _is_done(run: Run) -> bool:
    """Whether a run has nothing left to train: it is at its last epoch, or it diverged and would do so again."""
    if run.status.startswith("diverged"):
        return True
    return run.status in ("finished", "figures only") and _epochs_done(run) >= run.train_config.epochs


def _epochs_done(run: Run) -> float:
    points = run.log().points
    return points[-1]["epoch"] if points else 0.0


def _room(runs: Sequence[Run], workers: int) -> int:
    """How many trainings are at work at a time: as asked, as far as the cores go round."""
    each = max(run.train_config.threads or cores() for run in runs)
    fitting = max(1, cores() // each)
    return min(workers or fitting, fitting)


def _progress(runs: Sequence[Run], working: list[Run], waiting: list[Run], room: int) -> SweepProgress:
    done = {run.name: _epochs_done(run) for run in runs}
    epochs = sum(run.train_config.epochs for run in runs)
    idle = [run for run in runs if run not in working and run not in waiting]
    finished = [run for run in idle if _is_done(run) and not run.status.startswith("diverged")]
    return SweepProgress(
        sum(done.values()) / max(1, epochs),
        tuple(run.name for run in working),
        len(waiting),
        len(finished),
        _time_left(working, waiting, room),
        {run.name: _outcome(run) for run in idle if run not in finished},
    )


def _outcome(run: Run) -> str:
    """What became of a run that is neither finished nor at work; of one that failed the last words of its job."""
    if run.status in ("finished", "figures only"):
        return f"{_epochs_done(run):g} of {run.train_config.epochs} epochs"
    failed = run.status.startswith(("died", "not started"))
    return f"{run.status}: {jobs.last_line(run.folder)[:300]}".rstrip(": ") if failed else run.status


def _time_left(working: list[Run], waiting: list[Run], room: int) -> float | None:
    """Seconds to the end of the last run: the pace of those at work holds for those that wait."""
    left, paces = [], []
    for run in working:
        points = run.log().points
        if points and points[-1]["epoch"] < run.train_config.epochs:
            left.append(points[-1]["time_left"])
            paces.append(left[-1] / (run.train_config.epochs - points[-1]["epoch"]))
    if working and not paces:
        return None
    ahead = sum(run.train_config.epochs - _epochs_done(run) for run in waiting) * fmean(paces or [0.0])
    return max([(sum(left) + ahead) / room, *left])


def standing(sweep: Sweep) -> SweepProgress:
    """Where a sweep stands, whoever trains it: its unfinished runs wait while somebody does, and are stopped else."""
    working = [run for run in sweep.runs if _at_work(run)]
    rest = [run for run in sweep.runs if run not in working and not _is_done(run)]
    return _progress(sweep.runs, working, rest if is_held(sweep.name) else [], _room(sweep.runs, 0))


def is_held(name: str) -> bool:
    """Whether a living process trains the sweep of that name."""
    return is_locked(sweeps_folder() / check_name(name, "sweep name") / "sweep.lock")
