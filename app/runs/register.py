"""The runs that a server knows, by their ids."""

from __future__ import annotations

from collections.abc import Callable

from app.errors import NotFound
from app.runs.run import Run, RunState


class Register:
    """``complete`` tells whether every recording that was there at the start has been read."""

    def __init__(self, complete: Callable[[], bool]) -> None:
        self._complete = complete
        self._runs: dict[str, Run] = {}

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._runs

    def put(self, run: Run) -> None:
        """Add the run; it replaces one of the same id."""
        self._runs[run.id] = run

    def put_found(self, found: list[Run]) -> None:
        """Add runs that were found in the folder; a run of the same id that is known stays."""
        for run in found:
            self._runs.setdefault(run.id, run)

    def remove(self, run: Run) -> None:
        self._runs.pop(run.id, None)

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        try:
            return self._runs[run_id]
        except KeyError:
            if not self._complete():
                raise NotFound(
                    "There is no run {id} yet: the server still looks through its recordings. Ask "
                    "again in a moment.",
                    id=run_id,
                ) from None
            raise NotFound(
                "There is no run {id}: it may have been removed to make room for newer ones.",
                id=run_id,
            ) from None

    def readable(self, run_id: str) -> Run:
        """A run that can be shown. Raises NotFound, and BadRecording for a damaged one."""
        run = self.get(run_id)
        if run.state is RunState.DAMAGED:
            assert run.failure is not None
            raise run.failure.bare()
        return run

    def all(self) -> list[Run]:
        """The newest first; below them the files that can't be read."""
        return sorted(
            self._runs.values(),
            key=lambda run: (run.state is not RunState.DAMAGED, run.created_at),
            reverse=True,
        )

    def sound(self) -> list[Run]:
        """The runs that can be shown, the newest first."""
        return [run for run in self.all() if run.state is not RunState.DAMAGED]

    def damaged(self) -> list[Run]:
        """The files that can't be read, those written last first."""
        return [run for run in self.all() if run.state is RunState.DAMAGED]
