"""Notes beside the rings the names that multiprocessing gives to semaphores and shared memory.

The resource tracker, a process of multiprocessing's own, removes the names when the program has
ended. But a run that is stopped has that process killed, too. Then the names would stay until the
machine restarts. So each name has an empty file as long as it exists, and the worker removes the
names that are left (``app/worker/leftovers.py``).
"""

from __future__ import annotations

import os

from ..hooks.patching import method
from ..recording import faults, first_records
from .processes import patch_helper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

_open, _close, _mkdir, _unlink = os.open, os.close, os.mkdir, os.unlink


def patch_tracker(module: Any) -> None:
    """Follow the messages to the tracker: which names exist from now, and which no longer do."""
    patch_helper(module)
    method(module.ResourceTracker, "_send", _make_send)


def _make_send(original: Any) -> Callable[..., Any]:
    def _send(self: Any, cmd: str, name: str, rtype: str) -> Any:
        if first_records.directory and cmd in ("REGISTER", "UNREGISTER"):
            try:
                _note(cmd == "REGISTER", name)
            except Exception:
                faults.note("the name of a %s" % rtype)
        return original(self, cmd, name, rtype)

    return _send


def _note(is_there: bool, name: str) -> None:
    made_up = os.path.basename(name)
    if not made_up.startswith(("mp-", "psm_")) or len(made_up) > 16:
        return  # a name that the program has chosen itself
    folder = os.path.join(first_records.directory, wire.NAMES_FOLDER)
    path = os.path.join(folder, made_up)
    if not is_there:
        try:
            _unlink(path)
        except FileNotFoundError:
            pass  # several processes may unregister the same name
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
    try:
        fd = _open(path, flags, 0o600)
    except FileNotFoundError:
        try:
            _mkdir(folder, 0o700)
        except FileExistsError:
            pass  # another process of the run was faster
        fd = _open(path, flags, 0o600)
    _close(fd)
