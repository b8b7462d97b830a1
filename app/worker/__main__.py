"""``python -m app.worker``: see ``app/worker/worker.py``, which takes a while to load.

Also meanwhile it ends when its reader is gone, and when its parent is, even while it is stopped;
later the guard sees to that.
"""

import os
import signal
import sys

from app.worker import prctl
from app.worker.lifeline import Lifeline

if __name__ == "__main__":
    lifeline = Lifeline(
        sys.stdin.fileno(), sys.stdout.fileno(), os.environ.get("TIMESLICE_RUN", "")
    )
    lifeline.start()
    prctl.die_with_parent(os.getppid(), signal.SIGKILL)
    from app.worker.worker import main

    sys.exit(main(lifeline))
