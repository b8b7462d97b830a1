"""Compiles the probe's modules into one file, from which every process of a run loads them.

Importing thirteen modules one by one takes a third of an interpreter's start, and doubles it where
the package's folder can't be written and so holds no cached code. The folder of the rings is made
for each run, so a file in it is never out of date.

The file: 16 digits, the length of the next part; a marshalled dictionary, see ``start.Codes``; the
marshalled code of the other modules, one after the other.
"""

from __future__ import annotations

import marshal
import os
from _frozen_importlib_external import SourceFileLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

NAME = "_timeslice_probe"
_WIRE = os.path.join(os.pardir, "timeline", "wire.py")
#: The modules that every start runs, in an order in which each follows those that it imports. The
#: others are loaded when the program imports or calls what they hook.
_AT_START = (
    "loading.start",
    "recording.faults",
    "recording.first_records",
    "hooks.patching",
    "hooks.imports",
    "system.pipe_descriptors",
    "system.main_end",
    "system.output",
    "generators.program_text",
    "loading.install",
)
_NEVER = frozenset(("__init__", "bundle"))


def make(folder: str, path: str) -> None:
    """Compile the probe from its ``folder`` into the file ``path``. Raises OSError."""
    codes: dict[str, CodeType | tuple[int, int] | None] = {NAME: None}
    rest: list[bytes] = []
    length = 0
    files = {"recording.wire": os.path.join(folder, _WIRE)}
    for room in os.listdir(folder):
        if os.path.exists(os.path.join(folder, room, "__init__.py")):
            codes[NAME + "." + room] = None
            for file in os.listdir(os.path.join(folder, room)):
                module, extension = os.path.splitext(file)
                if extension == ".py" and module not in _NEVER:
                    files[room + "." + module] = os.path.join(folder, room, file)
    for module in _AT_START:
        name = NAME + "." + module
        codes[name] = _compiled(name, files.pop(module))
    for module, path_of in files.items():
        name = NAME + "." + module
        data = marshal.dumps(_compiled(name, path_of))
        codes[name] = length, len(data)
        length += len(data)
        rest.append(data)
    head = marshal.dumps(codes)
    _keep(b"".join([b"%16d" % len(head), head, *rest]), path)


def _compiled(name: str, path: str) -> CodeType:
    code = SourceFileLoader(name, os.path.normpath(path)).get_code(name)
    if code is None:
        raise OSError("there is no %s" % path)
    return code


def _keep(data: bytes, path: str) -> None:
    """Write the file under another name first: a process that finds it finds it complete."""
    unfinished = "%s-%d" % (path, os.getpid())
    fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if os.write(fd, data) != len(data):
            raise OSError("the folder of the rings is full")
        os.rename(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise
    finally:
        os.close(fd)
