"""A run's frames, from the first, which says what it is, to the last, which says how it ended."""

from __future__ import annotations

import os
import signal
import traceback
from typing import Any

from app.errors import Sentence, told
from app.timeline import frames, heads
from app.timeline.model import Batch, Track
from app.timeline.states import TrackKind, vocabulary
from app.worker.history import History, TooLong
from app.worker.pipes import FrameSink
from app.worker.spec import RunSpec


class Framer:
    """Numbers, encodes and sends frames.

    ``seq`` is the number of the next one, ``now_ns`` the time up to which the last one is true.
    """

    def __init__(self, spec: RunSpec, sink: FrameSink) -> None:
        self.seq = self.now_ns = 0
        self._sink = sink
        self._history = History(spec)
        self._head: dict[str, Any] = {}
        self._root: Track | None = None

    def begin(self, start_ns: int, root_pid: int, run: dict[str, Any]) -> None:
        self._start_ns, self._root_pid = start_ns, root_pid
        self._head = {"run": run, "state": "running", "vocabulary": vocabulary()}
        self.send(Batch(), start_ns)

    def change(self, **run: Any) -> None:
        """Adds these to what the next frame says of the run."""
        self._head.setdefault("run", {}).update(run)

    def send(self, batch: Batch, until_ns: int) -> None:
        self._note_root(batch)
        frame = self._frame(batch, until_ns)
        self._history.add(frame)
        self._sink.send(frames.encode(frame))

    def end(self, batch: Batch, end_ns: int, status: int | None, failure: Sentence) -> None:
        """The last frame: all that is left, the end, the claims.

        ``status`` is the raw wait status of the program's first process, None where no witness
        saw it; ``failure`` what went wrong with the run, an empty sentence for nothing.
        """
        self._note_root(batch)
        self.change(duration_ns=end_ns - self._start_ns, exit=self._exit(status))
        self._head["state"] = "ended"
        frame = self._frame(batch, end_ns)
        frame.head["dropped"] = batch.dropped
        try:
            frame.head |= self._history.checked(frame)
        except TooLong:
            failure = Sentence("This run was too long for its claims to be checked.")
        except Exception as error:  # noqa: BLE001 - the run itself is whole and must be sent
            traceback.print_exc()
            why = f"{type(error).__name__}: {error}"
            failure = Sentence("The claims could not be checked: {why}", why=why)
        if failure:
            frame.head |= {"failure": failure, "failure_told": told([failure])}
        self._sink.send(frames.encode(frame))

    def _frame(self, batch: Batch, until_ns: int) -> frames.Frame:
        self.now_ns = max(0, until_ns - self._start_ns)
        head, self._head = self._head, {}
        frame = heads.frame_of(batch, self.seq, self.now_ns, **head)
        self.seq += 1
        return frame

    def _note_root(self, batch: Batch) -> None:
        for track in batch.tracks:
            if track.kind is TrackKind.PROCESS and track.pid == self._root_pid:
                self._root = track

    def _exit(self, status: int | None) -> dict[str, Any]:
        """How the program's first process ended: by its track, else by its raw wait status."""
        if self._root is not None and self._root.end is not None:
            end = self._root.end
            limit = {"limit": end.limit} if end.limit else {}
            return {"cause": end.cause.word, "code": end.code, "signal": end.signal, **limit}
        return exit_of(status)


def exit_of(status: int | None) -> dict[str, Any]:
    """The exit's JSON value from a raw wait status; None where no status was seen."""
    if status is None:
        return {"cause": "unknown", "code": None, "signal": None}
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return {"cause": "signal", "code": None, "signal": signal.Signals(-code).name}
    return {"cause": "exit" if code else "returned", "code": code, "signal": None}
