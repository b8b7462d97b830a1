"""The names of states on the pages."""

from __future__ import annotations

from app.timeline.states import State
from app.web.i18n import N_

#: The same words as on the page of a run.
STATE_NAMES = {
    State.UNKNOWN: N_("unknown"),
    State.NEW: N_("new"),
    State.READY: N_("ready"),
    State.RUNNING: N_("running"),
    State.BLOCKED: N_("blocked"),
    State.GIL: N_("waiting for the GIL"),
    State.STOPPED: N_("stopped"),
    State.ZOMBIE: N_("zombie"),
    State.EXITED: N_("exited"),
    State.AWAITING: N_("awaiting"),
    State.DONE: N_("done"),
}
