"""Where CPython keeps the line that a thread is at: offsets in its structures, 64-bit Linux.

From 3.13 on an interpreter publishes them itself, at the beginning of ``_PyRuntime``
(``_Py_DebugOffsets``, Include/internal/pycore_debug_offsets.h; PEP 768). Those of 3.9 to 3.12 are
facts of the headers of these versions, as offsetof(3) gives them with ``Py_BUILD_CORE``:
Include/internal/pycore_{runtime,interp,frame}.h, Include/cpython/{pystate,code,unicodeobject}.h,
Include/cpython/frameobject.h. They do not change within a version.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from app.witness.linetables import Decoder, of_lnotab, of_pep626, of_pep657


class Layout(NamedTuple):
    """Offsets in bytes; None for a field that this version doesn't have."""

    interpreters: int  # in the runtime: the first interpreter
    next_interpreter: int
    first_thread: int
    next_thread: int
    interpreter: int  # of a thread state: its interpreter
    native_id: int | None  # the kernel's id of the thread, 3.11+
    thread_id: int  # its pthread_t
    frame: int  # the innermost frame, or what points to it
    through: int | None  # where, in what points to it, 3.11 and 3.12
    code: int  # of a frame
    previous: int
    instruction: int
    pointer: bool  # an instruction is given by its address
    unit: int  # else by its number; an instruction has this many bytes
    bytecode: int  # of a code object: the code, or (3.9, 3.10) a pointer to it
    first_line: int
    file_name: int
    line_table: int
    lines: Decoder
    text_state: int  # of a str: its flags
    text_length: int
    ascii_size: int  # where the characters of an ASCII str are
    compact_size: int  # and of another one
    object_size: int = 16  # of what every object begins with; then comes a variable one's size
    type: int = 8
    type_name: int = 24
    bytes_data: int = 32
    code_tag: int = 0  # bits of a frame's pointer to its code that are no address, 3.14+
    copies: int | None = None  # of a code object: its bytecode for each thread, 3.14+ without GIL
    copy: int = 0  # of a frame: the number of the copy that it executes


_BEFORE_311 = Layout(
    interpreters=32, next_interpreter=0, first_thread=8, next_thread=8, interpreter=16,
    native_id=None, thread_id=176, frame=24, through=None,
    code=32, previous=24, instruction=104, pointer=False, unit=1,
    bytecode=48, first_line=40, file_name=104, line_table=120, lines=of_lnotab,
    text_state=32, text_length=16, ascii_size=48, compact_size=72,
)  # fmt: skip
_311 = Layout(
    interpreters=40, next_interpreter=0, first_thread=16, next_thread=8, interpreter=16,
    native_id=160, thread_id=152, frame=56, through=8,
    code=32, previous=48, instruction=56, pointer=True, unit=1,
    bytecode=184, first_line=72, file_name=112, line_table=136, lines=of_pep657,
    text_state=32, text_length=16, ascii_size=48, compact_size=72,
)  # fmt: skip

LAYOUTS: dict[tuple[int, int], Layout] = {
    (3, 9): _BEFORE_311,
    (3, 10): _BEFORE_311._replace(instruction=96, unit=2, lines=of_pep626),
    (3, 11): _311,
    (3, 12): _311._replace(
        first_thread=72, native_id=144, thread_id=136, through=0, code=0, previous=8,
        bytecode=192, first_line=68, ascii_size=40, compact_size=56,
    ),
}  # fmt: skip

#: ``_Py_DebugOffsets``: cookie, version, free-threaded, then groups of offsets.
_PUBLISHED = struct.Struct("<8s108Q")
PUBLISHED_SIZE = _PUBLISHED.size
_COOKIE = b"xdebugpy"
#: The level in PY_VERSION_HEX: before a final release the groups may still change.
_FINAL = 0xF
_COMPACT_MORE = 16  # PyCompactUnicodeObject has two words more than PyASCIIObject
_STACKREF_TAG = 3  # a reference of the evaluation stack says in these bits whether it counts


class _Groups(NamedTuple):
    """Where the groups begin among the offsets of a version, and what moved within one."""

    thread: int
    thread_id: int  # in its group; the kernel's id comes next
    frame: int
    code: int
    base: int
    kind: int
    text_of_bytes: int
    text: int
    tagged: bool  # a frame's code is a tagged reference, and may be a thread's own copy
    runtime: int = 0
    interpreter: int = 3


_GROUPS = {
    0x030D: _Groups(16, 5, 25, 31, 41, 43, 61, 64, tagged=False),
    0x030E: _Groups(19, 5, 28, 36, 47, 49, 71, 74, tagged=True),
    0x030F: _Groups(19, 8, 36, 44, 55, 57, 83, 86, tagged=True),
}


def published(block: bytes) -> Layout | None:
    """The layout that a released interpreter of 3.13 to 3.15 publishes; None for all others."""
    if len(block) < PUBLISHED_SIZE:
        return None
    cookie, version, free_threaded, *words = _PUBLISHED.unpack_from(block)
    groups = _GROUPS.get(version >> 16)
    if cookie != _COOKIE or groups is None or version >> 4 & 0xF != _FINAL:
        return None
    runtime, interpreter, thread = (words[at:] for at in (groups.runtime, groups.interpreter,
                                                          groups.thread))  # fmt: skip
    frame, code = words[groups.frame :], words[groups.code :]
    text = words[groups.text :]
    copied = bool(groups.tagged and free_threaded)
    return Layout(
        interpreters=runtime[2],
        next_interpreter=interpreter[2],
        first_thread=interpreter[3],
        next_thread=thread[2],
        interpreter=thread[3],
        native_id=thread[groups.thread_id + 1],
        thread_id=thread[groups.thread_id],
        frame=thread[4],
        through=None,
        code=frame[2],
        previous=frame[1],
        instruction=frame[3],
        pointer=True,
        unit=1,
        bytecode=code[9],
        first_line=code[5],
        file_name=code[1],
        line_table=code[4],
        lines=of_pep657,
        text_state=text[1],
        text_length=text[2],
        ascii_size=text[3],
        compact_size=text[3] + _COMPACT_MORE,
        object_size=words[groups.base],
        type=words[groups.base + 1],
        type_name=words[groups.kind + 1],
        bytes_data=words[groups.text_of_bytes + 2],
        code_tag=_STACKREF_TAG if groups.tagged else 0,
        copies=code[10] if copied else None,
        copy=frame[7] if copied else 0,
    )
