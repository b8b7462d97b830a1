"""``python -m app.worker``: see ``app/worker/worker.py``, which takes a while to load.

While it loads, the process ends when its reader or its parent is gone, even if it is stopped. Later
the guard takes care of that.
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
