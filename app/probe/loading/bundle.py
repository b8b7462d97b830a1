"""The probe's modules compiled into one file, from which every process of a run loads them.

Thirteen imports cost an interpreter a third of its start; where the package can't be written, so
that no cached code is beside it, they double it. The folder of the rings is new for each run and
the program's own, so what is kept there is never stale.

The file: 16 digits, the length of what follows; the marshalled dictionary that ``start`` knows as
``codes``; the marshalled code of the other modules, one after the other.
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
#: What every start loads, each after those that it imports; the rest waits until the program
#: imports or calls what it patches.
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
    """Compile the probe, which lies in ``folder``, into the file ``path``. Raises OSError."""
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
    """Write the file under another name first: whoever finds it has the whole of it."""
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
