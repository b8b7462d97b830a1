"""All runs of one server: starts them, keeps them, lists them, finds them again after a restart."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Sequence

from app.errors import (
    BadFrame,
    BadRecording,
    InvalidInput,
    NotFound,
    RecordingTooLong,
    Sentence,
    WorkerFailed,
)
from app.runs import reading, recordings
from app.runs.admission import Admission, Asker
from app.runs.database import lasting
from app.runs.ending_heads import failing
from app.runs.execution import LEAVE_S, Life
from app.runs.folder_scan import Again, Looking
from app.runs.hub import Hub
from app.runs.launcher import Launcher, LocalLauncher
from app.runs.metrics import Meters
from app.runs.recorder import Create, Recorder
from app.runs.recording import SUFFIX, Recording
from app.runs.room import Room, check_pin, leaving, room
from app.runs.run import Plan, Run, RunState, new_id, now
from app.settings import Settings
from app.timeline import frames as codec
from app.timeline.frames import Frame
from app.timeline.timeline import Timeline
from app.worker.spec import Limits, RunSpec

#: How long all workers may take to go when the server ends.
_SHUTDOWN_S = 1.0
#: Runs that could not be recorded stay in memory; so many of them.
_UNRECORDED_KEPT = 8
#: States of a recording that another may still be writing.
_UNSETTLED = (RunState.DAMAGED, RunState.INTERRUPTED)
#: The server itself: its runs belong to nobody.
_NOBODY = Asker()
#: An ordinary folder is looked through within this; no start takes longer for its recordings.
_FIRST_LOOK_S = 0.25


class Runs:
    """Belongs to one event loop: ``open`` first, ``close`` at the end."""

    def __init__(
        self,
        settings: Settings,
        launcher: Launcher | None = None,
        create_recording: Create = Recording.create,
    ) -> None:
        self.settings = settings
        self.folder = settings.data_dir / "runs"
        self.meters = Meters()
        self._launcher = launcher or LocalLauncher()
        self._create_recording = create_recording
        self._admission = Admission(
            settings.runs_at_once,
            settings.runs_per_visitor,
            settings.runs_waiting,
            settings.runs_per_address,
        )
        self._runs: dict[str, Run] = {}
        self._plans: dict[str, Plan] = {}
        self._lives: dict[str, Life] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closed = False
        self.looking = Looking(self.folder, self._take_in)
        self._look: asyncio.Task[None] | None = None
        self._again = Again(self.folder)

    async def open(self) -> None:
        """Begin to find the recordings of earlier servers; see ``looking`` for how far that is."""
        self._look = asyncio.create_task(self._look_through())
        await asyncio.wait({self._look}, timeout=_FIRST_LOOK_S)

    async def looked(self) -> None:
        """Return when every recording that was there has been looked at."""
        await self.looking.done.wait()

    async def look_again(self) -> None:
        """Find recordings that were put into the folder since; waits for a moment at most."""
        if self._closed or self._look is None:
            return
        if self._look.done() and self._again.due:
            self._look = asyncio.create_task(self._look_anew())
        await asyncio.wait({self._look}, timeout=_FIRST_LOOK_S)

    async def find(self, run_id: str) -> Run:
        """As ``get``, of a run whose recording may have come since as well. Raises NotFound."""
        if run_id not in self._runs:
            await self.look_again()
        return self.get(run_id)

    async def _look_anew(self) -> None:
        recorded = {run.path: run for run in self._recorded(damaged=True)}
        unsettled = [path for path, run in recorded.items() if run.state in _UNSETTLED]
        known = [run.path for run in self._runs.values()]
        found, gone = await asyncio.to_thread(self._again.look, known, unsettled)
        for path in recorded.keys() & set(gone):
            self._runs.pop(recorded[path].id, None)
        settled = {run.path for run in self._runs.values()}.difference(unsettled)
        for run in found:
            if run.path not in settled:
                self._runs[run.id] = run

    async def _look_through(self) -> None:
        await self.looking.look()
        await self._forget_old()

    def _take_in(self, found: list[Run]) -> None:
        for run in found:
            self._runs.setdefault(run.id, run)

    async def close(self) -> None:
        """Stop every run, complete the recordings; bounded to about two seconds."""
        self._closed = True
        if self._look is not None:
            self._look.cancel()
            await asyncio.wait({self._look})
        for run in list(self._runs.values()):
            if run.state is RunState.WAITING:
                self._cancel_waiting(run)
        tasks = list(self._tasks.values())
        if not tasks:
            return
        await asyncio.gather(*(life.stop() for life in list(self._lives.values())))
        _, late = await asyncio.wait(tasks, timeout=_SHUTDOWN_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    # --- what the web asks for -----------------------------------------------------------------

    def start(self, plan: Plan, asker: Asker = _NOBODY) -> Run:
        """Take a run in; it starts now or waits its turn. Raises TooManyRuns."""
        (run,) = self.start_in_turn([plan], asker)
        return run

    def start_in_turn(self, plans: Sequence[Plan], asker: Asker = _NOBODY) -> list[Run]:
        """Take runs in, each of which starts when the one before is over. Raises TooManyRuns."""
        if self._closed:
            raise WorkerFailed("The server is shutting down and starts no more runs.")
        runs = [self._waiting(plan, asker.owner) for plan in plans]
        may_start = self._admission.enter([run.id for run in runs], asker)
        for run, plan in zip(runs, plans, strict=True):
            self._runs[run.id] = run
            self._plans[run.id] = plan
            self.meters.started.inc()
        if may_start:
            self._begin(runs[0].id)
        return runs

    def _waiting(self, plan: Plan, owner: str) -> Run:
        run_id = new_id()
        return Run(
            id=run_id,
            scenario=plan.scenario,
            params=dict(plan.params),
            created_at=now(),
            state=RunState.WAITING,
            path=self.folder / f"{run_id}{SUFFIX}",
            program=plan.program,
            file_name=plan.file_name,
            python=plan.python_name,
            predictions=dict(plan.predictions),
            owner=owner,
            hub=Hub(self.settings.viewer_queue, self.meters.snapshots.inc),
        )

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        try:
            return self._runs[run_id]
        except KeyError:
            if not self.looking.done.is_set():
                raise NotFound(
                    "There is no run {id} yet: the server still looks through its recordings. Ask "
                    "again in a moment.",
                    id=run_id,
                ) from None
            raise NotFound(
                "There is no run {id}: it may have been removed to make room for newer ones.",
                id=run_id,
            ) from None

    def all(self) -> list[Run]:
        """The newest first; below them the files that can't be read."""
        return sorted(
            self._runs.values(),
            key=lambda run: (run.state is not RunState.DAMAGED, run.created_at),
            reverse=True,
        )

    def sound(self) -> list[Run]:
        """Those that can be shown, the newest first."""
        return [run for run in self.all() if run.state is not RunState.DAMAGED]

    def damaged(self) -> list[Run]:
        """Files that can't be read, those written last first."""
        return [run for run in self.all() if run.state is RunState.DAMAGED]

    def readable(self, run_id: str) -> Run:
        """A run that can be shown. Raises NotFound, and BadRecording for a damaged one."""
        run = self.get(run_id)
        if run.state is RunState.DAMAGED:
            assert run.failure is not None
            raise run.failure.bare()
        return run

    def room(self) -> Room:
        """What the recordings take of their room."""
        return room(self._recorded(), self._quota)

    async def pin(self, run_id: str, pinned: bool) -> Run:
        """Let a recording stay when room is made for others, or let it go with them.

        Raises NotFound; InvalidInput where there is no recording, or no room for it;
        RecordingFailed where the folder can't be written.
        """
        run = self.get(run_id)
        if pinned:
            check_pin(run, self._recorded(), self.settings.runs_kept, self._quota)
        elif not run.over:
            raise InvalidInput("A run that is not over has nothing to unpin.")
        await asyncio.to_thread(recordings.pin, run.path, pinned)
        run.pinned = pinned
        return run

    @property
    def _quota(self) -> int:
        return self.settings.recordings_mib << 20

    def _recorded(self, settled: Run | None = None, damaged: bool = False) -> list[Run]:
        """Runs that are over and whose recording can be read, the newest first; ``settled`` is
        one whose task has nothing more to do. ``damaged``: those that can't be read as well."""
        busy = self._tasks.keys() - {settled.id if settled else ""}
        return [
            run
            for run in self.all()
            if run.over
            and run.recording_failure is None
            and (damaged or run.state is not RunState.DAMAGED)
            and run.id not in busy
        ]

    def position(self, run: Run) -> int | None:
        return self._admission.position(run.id)

    async def stop(self, run_id: str) -> Run:
        """End a run that waits or runs; returns when it is over. Raises NotFound."""
        run = self.get(run_id)
        if run.state is RunState.WAITING:
            self._cancel_waiting(run)
        elif (task := self._tasks.get(run_id)) is not None:
            if (life := self._lives.get(run_id)) is not None:
                await life.stop()
            done, _ = await asyncio.wait([task], timeout=LEAVE_S)
            if not done:
                task.cancel()
                await asyncio.wait([task])
        return run

    async def stream(self, run: Run, from_seq: int = 0) -> AsyncGenerator[bytes]:
        """Encoded frames from ``from_seq`` on, then live; a finished run comes as one snapshot
        when all of it is asked for. Raises BadRecording."""
        with self._readable(run):
            if run.hub is not None:
                async with contextlib.aclosing(run.hub.subscribe(from_seq)) as frames:
                    async for frame in frames:
                        yield frame
                return
            if from_seq == 0:
                with contextlib.suppress(RecordingTooLong):  # such a run comes frame by frame
                    snapshot = await asyncio.to_thread(recordings.snapshot, run.path)
                    if snapshot is not None:
                        yield snapshot
                    return
            while batch := await asyncio.to_thread(recordings.read, run.path, from_seq):
                for frame in batch:
                    yield frame
                from_seq = codec.sequence(batch[-1]) + 1

    async def timeline(self, run: Run) -> Timeline:
        """All that is known of the run so far. Raises BadRecording."""
        with self._readable(run):
            if run.hub is None:
                return await asyncio.to_thread(recordings.timeline, run.path)
            snapshot = await run.hub.snapshot()
            return await asyncio.to_thread(reading.folded, snapshot)

    @contextlib.contextmanager
    def _readable(self, run: Run) -> Iterator[None]:
        """A recording that turns out to be damaged is listed so from then on."""
        self.readable(run.id)
        try:
            yield
        except RecordingTooLong:
            raise
        except BadRecording as error:
            if run.hub is None and lasting(error):
                run.state, run.failure = RunState.DAMAGED, error.bare()
            raise
        except BadFrame as error:
            raise BadRecording(
                "What the worker told of this run can't be read: {why}.", why=str(error).rstrip(".")
            ) from error

    # --- the life of a run ---------------------------------------------------------------------

    def _begin(self, run_id: str) -> None:
        run = self._runs[run_id]
        run.state = RunState.RUNNING
        recorder = Recorder(self._create_recording)
        spec = self._spec(run, self._plans.pop(run_id))
        life = self._lives[run_id] = Life(run, spec, recorder, self.meters)
        task = asyncio.create_task(self._live(life), name=f"run {run_id}")
        self._tasks[run_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(run_id, None))

    async def _live(self, life: Life) -> None:
        try:
            await life.live(self._launcher)
        finally:
            del self._lives[life.run.id]
            self._leave(life.run.id)
            await self._forget_old(life.run)

    def _cancel_waiting(self, run: Run) -> None:
        assert run.hub is not None
        run.state = RunState.STOPPED
        run.duration_ns = 0
        run.hub.publish(
            codec.encode(
                Frame(
                    0,
                    0,
                    {
                        "state": "ended",
                        "run": {**run.meta(), "duration_ns": 0},
                        **failing(Sentence("The run was cancelled while it waited.")),
                    },
                )
            )
        )
        run.hub.close()
        self._plans.pop(run.id, None)
        self._leave(run.id)

    def _leave(self, run_id: str) -> None:
        following = self._admission.leave(run_id)
        if following is not None and not self._closed:
            self._begin(following)

    async def _forget_old(self, settled: Run | None = None) -> None:
        """Make room: keep as many recordings as there may be, and a few runs that have none.

        Files that can't be read are not ours to remove, and take no room from those that can.
        """
        if settled is not None:
            settled.bytes = await asyncio.to_thread(recordings.size, settled.path)
        unrecorded = [run for run in self.all() if run.over and run.recording_failure is not None]
        for run in unrecorded[_UNRECORDED_KEPT:]:
            self._runs.pop(run.id, None)
        if not self.looking.done.is_set():
            return  # the oldest may not have been found yet
        old = leaving(self._recorded(settled), self.settings.runs_kept, self._quota)
        gone = set(await asyncio.to_thread(recordings.remove, [run.path for run in old]))
        for run in old:
            if run.path in gone:
                self._runs.pop(run.id, None)
            else:  # somebody pinned it beside us, or it can't be removed
                run.pinned = await asyncio.to_thread(recordings.is_pinned, run.path)

    def _spec(self, run: Run, plan: Plan) -> RunSpec:
        chosen = {"python": plan.python} if plan.python else {}
        return RunSpec(
            run_id=run.id,
            scenario=plan.scenario,
            params=dict(plan.params),
            program=plan.program,
            file_name=plan.file_name,
            witness=self.settings.witness,
            limits=Limits.of(self.settings),
            **chosen,
        )

    def count(self) -> None:
        """Bring the gauges up to date."""
        states = [run.state for run in self._runs.values()]
        for state in RunState:
            self.meters.runs.labels(state.value).set(states.count(state))
