"""The runs of a server that wait for their turn, and those that run now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

from app.errors import Sentence, WorkerFailed
from app.runs.admission import Admission, Asker
from app.runs.ending_heads import failure_head
from app.runs.execution import LEAVE_S, Execution
from app.runs.hub import Hub
from app.runs.launcher import Launcher
from app.runs.metrics import Metrics
from app.runs.recorder import Create, Recorder
from app.runs.recording import SUFFIX
from app.runs.register import Register
from app.runs.run import Plan, Run, RunState, new_id, now
from app.settings import Settings
from app.timeline import frames as codec
from app.timeline.frames import Frame
from app.worker.spec import Limits, RunSpec

#: How long all workers may take to go when the server ends.
_SHUTDOWN_S = 1.0


class ActiveRuns:
    """Starts each run when it is its turn, and stops it.

    ``over`` is called when a run has ended and its recording is complete.
    """

    def __init__(
        self,
        folder: Path,
        register: Register,
        settings: Settings,
        launcher: Launcher,
        metrics: Metrics,
        create_recording: Create,
        over: Callable[[Run], Awaitable[None]],
    ) -> None:
        self._folder = folder
        self._register = register
        self._settings = settings
        self._launcher = launcher
        self._metrics = metrics
        self._create_recording = create_recording
        self._over = over
        self._admission = Admission(
            settings.runs_at_once,
            settings.runs_per_visitor,
            settings.runs_waiting,
            settings.runs_per_address,
        )
        self._plans: dict[str, Plan] = {}
        self._executions: dict[str, Execution] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    def busy(self) -> Collection[str]:
        """The ids of runs whose recordings may still change."""
        return self._tasks.keys()

    def start_in_turn(self, plans: Sequence[Plan], asker: Asker) -> list[Run]:
        """Take runs in, each of which starts when the one before is over. Raises TooManyRuns."""
        if self._closed:
            raise WorkerFailed("The server is shutting down and starts no more runs.")
        runs = [self._waiting(plan, asker.owner) for plan in plans]
        may_start = self._admission.enter([run.id for run in runs], asker)
        for run, plan in zip(runs, plans, strict=True):
            self._register.put(run)
            self._plans[run.id] = plan
            self._metrics.started.inc()
        if may_start:
            self._begin(runs[0].id)
        return runs

    def position(self, run: Run) -> int | None:
        """The run's place in the queue; None for a run that does not wait."""
        return self._admission.position(run.id)

    async def stop(self, run: Run) -> None:
        """End a run that waits or runs; returns when it is over."""
        if run.state is RunState.WAITING:
            self._cancel_waiting(run)
        elif (task := self._tasks.get(run.id)) is not None:
            if (execution := self._executions.get(run.id)) is not None:
                await execution.stop()
            done, _ = await asyncio.wait([task], timeout=LEAVE_S)
            if not done:
                task.cancel()
                await asyncio.wait([task])

    def close(self) -> None:
        """Start no more runs."""
        self._closed = True

    async def stop_all(self) -> None:
        """Stop every run and complete the recordings; bounded to about two seconds."""
        for run_id in list(self._plans):
            self._cancel_waiting(self._register.get(run_id))
        tasks = list(self._tasks.values())
        if not tasks:
            return
        await asyncio.gather(*(execution.stop() for execution in list(self._executions.values())))
        _, late = await asyncio.wait(tasks, timeout=_SHUTDOWN_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def _waiting(self, plan: Plan, owner: str) -> Run:
        run_id = new_id()
        return Run(
            id=run_id,
            scenario=plan.scenario,
            params=dict(plan.params),
            created_at=now(),
            state=RunState.WAITING,
            path=self._folder / f"{run_id}{SUFFIX}",
            program=plan.program,
            file_name=plan.file_name,
            python=plan.python_name,
            predictions=dict(plan.predictions),
            owner=owner,
            hub=Hub(self._settings.viewer_queue, self._metrics.snapshots.inc),
        )

    def _begin(self, run_id: str) -> None:
        run = self._register.get(run_id)
        run.state = RunState.RUNNING
        recorder = Recorder(self._create_recording)
        spec = self._spec(run, self._plans.pop(run_id))
        execution = self._executions[run_id] = Execution(run, spec, recorder, self._metrics)
        task = asyncio.create_task(self._execute(execution), name=f"run {run_id}")
        self._tasks[run_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(run_id, None))

    async def _execute(self, execution: Execution) -> None:
        try:
            await execution.run_to_end(self._launcher)
        finally:
            del self._executions[execution.run.id]
            self._leave(execution.run.id)
            await self._over(execution.run)

    def _cancel_waiting(self, run: Run) -> None:
        assert run.hub is not None
        run.state = RunState.STOPPED
        run.duration_ns = 0
        head = {
            "state": "ended",
            "run": {**run.meta(), "duration_ns": 0},
            **failure_head(Sentence("The run was cancelled while it waited.")),
        }
        run.hub.publish(codec.encode(Frame(0, 0, head)))
        run.hub.close()
        self._plans.pop(run.id, None)
        self._leave(run.id)

    def _leave(self, run_id: str) -> None:
        following = self._admission.leave(run_id)
        if following is not None and not self._closed:
            self._begin(following)

    def _spec(self, run: Run, plan: Plan) -> RunSpec:
        chosen = {"python": plan.python} if plan.python else {}
        return RunSpec(
            run_id=run.id,
            scenario=plan.scenario,
            params=dict(plan.params),
            program=plan.program,
            file_name=plan.file_name,
            witness=self._settings.witness,
            limits=Limits.of(self._settings),
            **chosen,
        )
