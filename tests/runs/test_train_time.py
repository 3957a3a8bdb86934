"""The time that a training says is left, against a clock that moves only when the network works."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_core.runs import train as training
from lstm_core.runs.model import LanguageModel
from lstm_core.runs.run import Run
from lstm_core.runs.train import Report, train

Make = Callable[..., Run]


class Clock:
    """Stands in for the module `time`: a step of training and a validation take as many seconds as they are told."""

    def __init__(self) -> None:
        self.now, self.steps, self.step, self.validation = 1000.0, 0, 1.0, 0.0
        self.pauses: dict[int, float] = {}  # after how many steps, for how long

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made, forward = Clock(), LanguageModel.forward

    def stepped(self: LanguageModel, *given: Any) -> Any:
        made.steps += 1
        made.now += made.step + made.pauses.get(made.steps, 0.0)
        return forward(self, *given)

    def validated(*_: Any, **__: Any) -> float:
        made.now += made.validation
        return 1.0

    monkeypatch.setattr(LanguageModel, "forward", stepped)
    monkeypatch.setattr(training, "evaluate", validated)
    monkeypatch.setattr(training, "time", made)
    return made


def told_and_true(run: Run, corpus: Any, clock: Clock, **options: Any) -> list[tuple[Report, float]]:
    """Each report with the seconds that were left when it came."""
    came = [(report, clock.now) for report in train(run, corpus, **{"report_seconds": 3, **options})]
    return [(report, clock.now - now) for report, now in came]


def test_time_left_is_what_passes_until_the_end(small_run: Make, corpus: Any, clock: Clock) -> None:
    """A validation is counted as soon as there was one."""
    clock.validation = 7.0
    run = small_run(training={"epochs": 3})
    told = told_and_true(run, corpus, clock)
    late = [(report.time_left, left) for report, left in told if report.epoch >= 1]
    assert len(late) > 5
    assert [one for one, _ in late] == pytest.approx([other for _, other in late])
    early = [(report.time_left, left) for report, left in told if report.epoch < 1]
    assert len(early) > 3
    assert [one for one, _ in early] == pytest.approx([other - 3 * 7.0 for _, other in early])
    assert told[-1][0].time_left == 0


@pytest.mark.parametrize(("before", "after"), [(50.0, 1.0), (1.0, 50.0)], ids=["slower", "faster"])
def test_a_resumed_training_is_timed_by_its_own_steps(
    small_run: Make, corpus: Any, clock: Clock, before: float, after: float
) -> None:
    run = small_run()
    clock.step = before
    told_and_true(run, corpus, clock, cancelled=lambda: clock.steps >= 15)
    assert run.status == "cancelled"
    clock.step = after
    told = told_and_true(run, corpus, clock)
    assert run.status == "finished"
    assert told[0][0].step > 15
    assert [report.time_left for report, _ in told] == pytest.approx([left for _, left in told])


def test_a_pause_is_not_taken_for_slow_steps(small_run: Make, corpus: Any, clock: Clock) -> None:
    """An hour in which the process stood still says nothing of the steps to come."""
    clock.pauses = {10: 3600.0}
    told = told_and_true(small_run(), corpus, clock)
    after = [(report, left) for report, left in told if report.step >= 10]
    assert after[0][0].seconds > 3600
    assert [report.time_left for report, _ in after] == pytest.approx([left for _, left in after])


def test_a_machine_that_slows_down_is_noticed(small_run: Make, corpus: Any, clock: Clock) -> None:
    run = small_run(training={"epochs": 12})
    told = []
    for report in train(run, corpus, report_seconds=0):
        if report.step == 60:
            clock.step = 4.0
        told.append((report, clock.now))
    left = {report.step: (report.time_left, clock.now - now) for report, now in told}
    assert len(left) > 130
    assert left[59][0] < left[59][1] / 2  # nobody could know
    assert left[120][0] == pytest.approx(left[120][1])
