"""How threads, processes and coroutines end."""

from __future__ import annotations

import signal

from app.fusion.between.deadlocks import WaitGraph
from app.fusion.between.findings import Findings
from app.fusion.between.flows import Flows
from app.fusion.lives import gil_rules
from app.fusion.lives.identities import Identities
from app.fusion.lives.lives import ProcessLife, TaskLife, ThreadLife
from app.fusion.lives.reports import Cpu, Kill
from app.fusion.picture.book import Book
from app.timeline import wire
from app.timeline.model import NOTHING, Ending
from app.timeline.records import SignalSent
from app.timeline.states import Cause, Evidence, FlowKind, State

#: SIGSTOP, SIGTSTP, SIGCONT, SIGCHLD, SIGWINCH, SIGURG: they end no process.
HARMLESS = frozenset({17, 18, 19, 20, 23, 28})


def signal_name(number: int) -> str:
    """``SIGTERM`` for 15; real-time signals are named by their number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


class Endings:
    """Closes lanes, and gives each track that ended its cause as soon as that is known."""

    def __init__(
        self, book: Book, ids: Identities, flows: Flows, graph: WaitGraph, findings: Findings
    ) -> None:
        self._book = book
        self._ids = ids
        self._flows = flows
        self._graph = graph
        self._limit: tuple[str, int] | None = None  # that ended the run, and when
        self._findings = findings

    # --- threads -------------------------------------------------------------------------------

    def thread_end(self, life: ThreadLife, t: int, outcome: int, exception: str) -> None:
        """THREAD_END: the Python code of the thread is over. The thread goes on for a moment."""
        life.ending = (outcome, exception, t)
        self._flows.thread_over(life, t)
        if life.track.end is not None or life.exited:
            self._set_cause(life)
        elif not self._book.facts.switches:
            self.thread_gone(life, t)

    def thread_gone(self, life: ThreadLife, t: int, evidence: Evidence = Evidence.KERNEL) -> None:
        """The thread has exited. If it is a process's main thread, the process is a zombie."""
        if life.exited:
            return
        process = life.process
        life.exited = True
        self._flows.settle(life)
        life.cpu = Cpu.UNSEEN
        self._graph.abandon(life, t)
        process.gil.executing.pop(life, None)
        process.threads.pop(life.tid, None)
        gil_rules.gone(life, t)
        if life is process.main:
            process.exit_ns = t
            life.lane.change(t, State.ZOMBIE, evidence)
            self._process_over(process, t)
            return
        life.lane.end(t)
        self._book.end_track(life.track, t, None)
        if life.ending is None and process.exit_ns is None:
            process.unended.append(life)
        self._set_cause(life)

    def _set_cause(self, life: ThreadLife) -> None:
        """Set the cause of a thread's end once it is certain. A main thread has its process's."""
        process = life.process
        if life is process.main:
            return
        if life.ending is not None:
            outcome, exception, _ = life.ending
            cause = Cause.RAISED if outcome == wire.RAISED else Cause.RETURNED
            life.track.end = Ending(cause, exception=exception or None)
        elif process.exit_ns is not None:
            life.track.end = Ending(Cause.WITH_PROCESS)
        self._book.touch(life.track)

    # --- signals -------------------------------------------------------------------------------

    def signal_sent(self, t: int, record: SignalSent) -> None:
        """The kernel saw a signal sent to a thread or its process, and its sender."""
        target = self._ids.threads.get(record.tid)
        if target is None or target.exited:
            return
        number, process, track = record.number, target.process, None
        sender = self._ids.threads.get(record.sender_tid)
        if sender is not None and sender.process.pid == record.sender_pid:
            track = sender.track.id
            # If its process has the probe, that has reported this signal already.
            if number in HARMLESS and sender is not target and not sender.process.probed:
                self._book.flow(FlowKind.SIGNAL, track, t, target.track.id, t)
        elif record.sender_tid:
            track = NOTHING
        process.sent(Kill(track, t, number, False))

    def limit(self, t: int, name: str) -> None:
        """The run is ended for this limit, or ``stopped``: the worker kills its processes now.

        For want of memory the kernel may have killed one just before.
        """
        self._limit = name, t
        if name != "memory":
            return
        for process in self._ids.processes.values():
            if process.reaped and t - (process.exit_ns or 0) < _OOM_NS:
                self._book.end_track(process.main.track, t, self.of_process(process))

    def _ended_with_the_run(self, process: ProcessLife, kill: Kill | None) -> str:
        """The limit for which the process was killed; "" if something else killed it."""
        if self._limit is None or (kill is not None and kill.track):
            return ""
        name, since = self._limit
        ended = process.exit_ns or 0
        if name == "memory" and (kill is None or kill.track is None):
            since -= _OOM_NS
        return name if ended >= since else ""

    # --- processes -----------------------------------------------------------------------------

    def _process_over(self, process: ProcessLife, t: int) -> None:
        self._flows.process_over(process, t)
        for task in list(process.tasks):
            self.task_gone(task, t, Ending(Cause.WITH_PROCESS))
        for life in process.unended:
            # A Python thread ends by its own code or with its process. Without the probe, a
            # thread's end just before its process's looks the same as an end with it.
            if life.started or (process.probed and t - life.track.end_ns < _TOGETHER_NS):
                self._set_cause(life)
            else:
                self._book.end_track(life.track, t, Ending(Cause.UNKNOWN))
        process.unended = []

    def reaped(self, process: ProcessLife, t: int, status: int | None) -> None:
        """The process was reaped. ``status`` is that of wait(2), None if not known."""
        if status is not None and process.status is None:
            process.status = status
            if process.reaped:
                self._book.end_track(process.main.track, t, self.of_process(process))
        if process.reaped:
            return
        self._ids.reaped(process)
        if process.exit_ns is None:
            process.exit_ns = t
            self._process_over(process, t)
        for life in list(process.threads.values()):
            if life is not process.main:
                self.thread_gone(life, t)
        process.threads.clear()
        main = process.main
        if not main.exited:
            main.exited = True
            self._flows.settle(main)
            self._graph.abandon(main, t)
            process.gil.executing.pop(main, None)
        main.lane.end(t)
        self._book.end_track(main.track, t, self.of_process(process))
        self._flows.signalled(process, t)

    def of_process(self, process: ProcessLife) -> Ending:
        """The ending that follows from wait(2)'s status and the probe's record."""
        outcome, exception = process.main_end or (None, "")
        status = process.status
        if status is None:
            if outcome is None:
                return Ending(Cause.UNKNOWN)
            return Ending(_CAUSES.get(outcome, Cause.UNKNOWN), exception=exception or None)
        if number := status & 0x7F:
            name = signal_name(number)
            if any(kill.daemon and kill.number == number for kill in process.kills):
                return Ending(Cause.DAEMON, signal=name)
            kill = process.killed_by()
            if number == _SIGKILL and (limit := self._ended_with_the_run(process, kill)):
                if limit == "stopped":
                    return Ending(Cause.STOPPED, signal=name)
                return Ending(Cause.LIMIT, signal=name, limit=limit)
            return Ending(Cause.SIGNAL, signal=name, sender=kill.track if kill else None)
        code = (status >> 8) & 0xFF
        if outcome == wire.RAISED and code:
            return Ending(Cause.RAISED, code, exception=exception or None)
        if code or outcome == wire.EXITED:
            return Ending(Cause.EXIT, code)
        return Ending(Cause.RETURNED, code)

    # --- coroutines ----------------------------------------------------------------------------

    def task_gone(self, task: TaskLife, t: int, ending: Ending) -> None:
        if task.lane.ended:
            return
        self._graph.abandon(task, t)
        task.lane.end(t)
        task.process.tasks.pop(task, None)
        if task.thread.loop.forget(task):
            self._findings.step_over(task, t, 0)
        self._book.end_track(task.track, t, ending)

    # --- the end of the run --------------------------------------------------------------------

    def run_over(self, t: int) -> None:
        """The run is over: end what still lives, with its cause if that is known."""
        for process in list(self._ids.living):
            for life in list(process.threads.values()):
                self._flows.settle(life)
                gil_rules.waited(life, t)
                if life is not process.main:
                    life.exited = True
                    life.lane.end(t)
                    self._book.end_track(life.track, t, None)
                    self._set_cause(life)
                    if life.track.end is None:
                        life.track.end = Ending(Cause.UNKNOWN)
            for task in list(process.tasks):
                self.task_gone(task, t, Ending(Cause.UNKNOWN))
            for life in process.unended:
                self._book.end_track(life.track, t, Ending(Cause.UNKNOWN))
            process.main.lane.end(t)
            self._book.end_track(process.main.track, t, self.of_process(process))


_CAUSES = {
    wire.RETURNED: Cause.RETURNED,
    wire.RAISED: Cause.RAISED,
    wire.EXITED: Cause.EXIT,
}

_SIGKILL = 9
#: A kill by the kernel, for want of memory, is noticed at most this much later.
_OOM_NS = 2_000_000_000

#: Threads of a process that exit within this time exited together (exit_group(2)).
_TOGETHER_NS = 50_000_000
