"""The worker's own end when nobody reads its frames any more, whatever it is doing."""

from __future__ import annotations

import os
import select
import threading
import time

from app.worker import sweep

#: The loop sees the same and ends in order; so long it has for that.
_IN_ORDER_S = 0.7


def watch(commands: int, frames: int, run_id: str) -> None:
    """From now on this process ends soon after either pipe has lost its other end.

    Nothing is read or written. Starts a thread: what forks comes before.
    """
    threading.Thread(target=_wait, args=(commands, frames, run_id), daemon=True).start()


def _wait(commands: int, frames: int, run_id: str) -> None:
    poll = select.poll()
    poll.register(commands, select.POLLRDHUP)
    poll.register(frames, 0)  # an error: there is no reader
    poll.poll()
    time.sleep(_IN_ORDER_S)
    sweep.end(run_id, lambda: (os.getpid(),))
    os._exit(1)
