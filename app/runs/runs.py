"""All runs of one server: what its pages ask for, and which part does it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from app.runs.active import ActiveRuns
from app.runs.admission import Asker
from app.runs.archive import Archive
from app.runs.launcher import Launcher, LocalLauncher
from app.runs.metrics import Metrics
from app.runs.playback import Playback
from app.runs.recorder import Create
from app.runs.recording import Recording
from app.runs.register import Register
from app.runs.room import Room
from app.runs.run import Plan, Run, RunState
from app.settings import Settings
from app.timeline.timeline import Timeline

#: The server itself: no visitor owns its runs.
_NOBODY = Asker()


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
        self.metrics = Metrics()
        self._register = Register(lambda: self.archive.first_scan.done.is_set())
        self.archive = Archive(
            self.folder, self._register, settings, busy=lambda: self.active.busy()
        )
        self.active = ActiveRuns(
            self.folder,
            self._register,
            settings,
            launcher or LocalLauncher(),
            self.metrics,
            create_recording,
            over=self.archive.make_room,
        )
        self._playback = Playback(self._register)

    async def open(self) -> None:
        """Begin to find the recordings of earlier servers."""
        await self.archive.open()

    async def close(self) -> None:
        """Stop every run and complete the recordings; bounded to about two seconds."""
        self.active.close()
        await self.archive.close()
        await self.active.stop_all()

    # --- starting and stopping -----------------------------------------------------------------

    def start(self, plan: Plan, asker: Asker = _NOBODY) -> Run:
        """Take a run in; it starts now or waits its turn. Raises TooManyRuns."""
        (run,) = self.start_in_turn([plan], asker)
        return run

    def start_in_turn(self, plans: Sequence[Plan], asker: Asker = _NOBODY) -> list[Run]:
        """Take runs in, each of which starts when the one before is over. Raises TooManyRuns."""
        return self.active.start_in_turn(plans, asker)

    def position(self, run: Run) -> int | None:
        """The run's place in the queue; None for a run that does not wait."""
        return self.active.position(run)

    async def stop(self, run_id: str) -> Run:
        """End a run that waits or runs; returns when it is over. Raises NotFound."""
        run = self.get(run_id)
        await self.active.stop(run)
        return run

    # --- which runs there are ------------------------------------------------------------------

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        return self._register.get(run_id)

    async def find(self, run_id: str) -> Run:
        """As ``get``, also of a run whose recording was put into the folder since."""
        if run_id not in self._register:
            await self.archive.rescan()
        return self.get(run_id)

    def readable(self, run_id: str) -> Run:
        """A run that can be shown. Raises NotFound, and BadRecording for a damaged one."""
        return self._register.readable(run_id)

    def all(self) -> list[Run]:
        """The newest first; below them the files that can't be read."""
        return self._register.all()

    def sound(self) -> list[Run]:
        """The runs that can be shown, the newest first."""
        return self._register.sound()

    def damaged(self) -> list[Run]:
        """The files that can't be read, those written last first."""
        return self._register.damaged()

    def count(self) -> None:
        """Bring the gauges up to date."""
        states = [run.state for run in self.all()]
        for state in RunState:
            self.metrics.runs.labels(state.value).set(states.count(state))

    # --- what they show, and how long they stay ------------------------------------------------

    def stream(self, run: Run, from_seq: int = 0) -> AsyncGenerator[bytes]:
        """Encoded frames from ``from_seq`` on, then live. Raises BadRecording."""
        return self._playback.stream(run, from_seq)

    async def timeline(self, run: Run) -> Timeline:
        """All that is known of the run so far. Raises BadRecording."""
        return await self._playback.timeline(run)

    def room(self) -> Room:
        """How much of their room the recordings take."""
        return self.archive.room()

    async def pin(self, run_id: str, pinned: bool) -> Run:
        """Let a recording stay when room is made for others, or let it go with them: see
        ``Archive.pin``."""
        return await self.archive.pin(run_id, pinned)
