"""The ladder of witnesses, with refusals put in its way."""

from __future__ import annotations

import errno

import pytest

from app.errors import Sentence
from app.fusion.facts import RunFacts, Scheduler
from app.timeline.records import Record
from app.witness import perf_event
from app.witness.choose import Opener, available, open_scheduler
from app.witness.scheduler_perf import PerfScheduler
from app.witness.scheduler_procfs import ProcfsScheduler
from app.witness.scheduler_tracepoints import TracepointScheduler
from app.witness.threads import ThreadTable
from app.witness.witness import Refused, SchedulerWitness

_KINDS: dict[str, type[SchedulerWitness]] = {
    kind.name: kind for kind in (TracepointScheduler, PerfScheduler, ProcfsScheduler)
}


class Quiet:
    samples = False
    due_ns = 0

    def begins(self, t: int) -> list[Record]:
        return []

    def poll(self) -> list[Record]:
        return []

    def look(self) -> list[Record]:
        return []

    def close(self) -> None:
        return None


def works(root_pid: int, tree_pid: int, table: ThreadTable) -> SchedulerWitness:
    return Quiet()


def refuses(why: str, remedy: str = "") -> Opener:
    def refuse(root_pid: int, tree_pid: int, table: ThreadTable) -> SchedulerWitness:
        raise Refused(Sentence(why), Sentence(remedy))

    return refuse


def choice(wanted: str, **ladder: Opener) -> tuple[str, str]:
    scheduler = open_scheduler(wanted, 1, 1, ThreadTable(1), ladder)
    return scheduler.name, scheduler.why


def test_choose_the_best_that_works_has_nothing_to_explain() -> None:
    assert choice("auto", perf=works, procfs=works) == ("perf", "")


def test_choose_falls_back_with_reason_and_remedy() -> None:
    name, why = choice("auto", perf=refuses("Perf is off.", "Turn it on."), procfs=works)
    assert (name, why) == ("procfs", "Perf is off. Turn it on.")


def test_choose_a_lower_one_by_name_says_it_was_asked_for() -> None:
    name, why = choice("procfs", perf=works, procfs=works)
    assert name == "procfs"
    assert "asked for" in why


def test_choose_a_refused_one_by_name_gives_way_to_the_next() -> None:
    assert choice("perf", perf=refuses("No."), procfs=works) == ("procfs", "No.")


def test_choose_nothing_works_names_every_refusal() -> None:
    with pytest.raises(Refused, match=r"No perf\. .*No proc\."):
        choice("auto", perf=refuses("No perf.", "Help."), procfs=refuses("No proc."))


def test_choose_unknown_name_says_what_is_allowed() -> None:
    with pytest.raises(Refused, match="auto, perf, procfs"):
        choice("magic", perf=works, procfs=works)


@pytest.mark.parametrize(
    ("code", "paranoid", "why", "remedy"),
    [
        (errno.EACCES, 3, "perf_event_paranoid is 3", "sysctl"),
        (errno.EPERM, 2, "seccomp", "PERFMON"),
        (errno.ENOSYS, 2, "no perf_event_open", ""),
        (errno.EMFILE, 2, "descriptors", "ulimit"),
        (errno.EINVAL, 2, "Invalid argument", ""),
    ],
)
def test_choose_perf_refused_by_the_kernel_is_explained(
    monkeypatch: pytest.MonkeyPatch, code: int, paranoid: int, why: str, remedy: str
) -> None:
    monkeypatch.setattr(perf_event, "_sysctl", lambda name: paranoid)
    refusal = perf_event._refusal(code)
    assert why in refusal.why
    assert remedy in refusal.remedy


def test_choose_unknown_processor_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    with pytest.raises(Refused, match="pdp11"):
        perf_event.open_event(1, 0)


@pytest.mark.real
def test_available_reports_every_witness_in_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, pages: tuple[int, ...] = ()) -> list[perf_event.Ring]:
        raise Refused(Sentence("Perf is refused."), Sentence("Allow it."))

    reports = {report.name: report for report in available()}
    assert list(reports) == ["tracepoints", "perf", "procfs", "syscall", "lines"]
    assert reports["procfs"].ok
    assert all(report.why.endswith(".") for report in reports.values())
    monkeypatch.setattr(perf_event, "open_rings", refuse)
    tracepoints, perf = available()[:2]
    assert perf == ("perf", False, "Perf is refused.", "Allow it.")
    assert not tracepoints.ok


@pytest.mark.parametrize("scheduler", ["tracepoints", "perf", "procfs", "none"])
def test_facts_of_a_run_say_what_its_scheduler_sees(scheduler: Scheduler) -> None:
    """Each witness sees every switch or samples; with none, neither."""
    facts = RunFacts(0, 1, scheduler=scheduler)
    kind = _KINDS.get(scheduler)
    assert facts.sampled == (kind is not None and kind.samples)
    assert facts.switches == (kind is not None and not kind.samples)
    assert facts.wake_ups == (scheduler == "tracepoints")
