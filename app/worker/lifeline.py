"""Ends the worker when its frames have no reader any more, whatever it is doing."""

from __future__ import annotations

import os
import select
import threading
import time

#: The worker's loop notices the same and ends in order; it has this long to do so.
_IN_ORDER_S = 0.7


class Lifeline(threading.Thread):
    """Once started, this process ends soon after either pipe has lost its other end.

    Nothing is read or written. ``run_id`` is that of the run to be ended too, empty for none.
    The worker forks its guard beside this thread, which holds no lock while it waits.
    """

    def __init__(self, commands: int, frames: int, run_id: str) -> None:
        super().__init__(daemon=True)
        self._commands, self._frames = commands, frames
        self.run_id = run_id

    def run(self) -> None:
        poll = select.poll()
        poll.register(self._commands, select.POLLRDHUP)
        poll.register(self._frames, 0)  # an error: there is no reader
        poll.poll()
        time.sleep(_IN_ORDER_S)
        from app.worker import sweep  # imported only when needed, so that the worker starts fast

        if self.run_id:
            sweep.end(self.run_id, lambda: (os.getpid(),))
        os._exit(1)
