"""Reads from outside which line of which file the threads of a CPython process are at.

Nothing is stopped: the thread may run on while it is read. So each thing that is read is checked
and dropped if it can't be right: a code object's type must be ``code``, the instruction must lie in
it, a file name must be a ``str``.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from operator import itemgetter

from app.witness.layouts import LAYOUTS, PUBLISHED_SIZE, published
from app.witness.linetables import Decoder, Lines

_WORD = struct.Struct("<Q")
_INT = struct.Struct("<i")
#: Bounds of what is followed in a memory that changes meanwhile.
_MOST_INTERPRETERS = 16
_MOST_THREADS = 4096
_MOST_FRAMES = 64
_MOST_CODES = 20_000
_LONGEST_NAME = 4096
_LONGEST_TABLE = 1 << 18
#: How much of a pthread_t's structure is searched for the kernel's id of the thread.
_PTHREAD_BYTES = 2048
#: The offset of a frame that has executed no instruction, or more: -1 instruction.
_NOT_BEGUN = -2
_BYTES_OF_KIND = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}


class Unreadable(Exception):
    """There is nothing at this address, or something else than should be."""


class Memory:
    """The memory of a process: /proc/<pid>/mem. To open it takes the right to trace the process
    (PTRACE_MODE_ATTACH_FSCREDS, ptrace(2)), but nothing is stopped by it.

    From Python pread(2) costs half of process_vm_readv(2). Raises OSError when it may not be read.
    """

    def __init__(self, pid: int) -> None:
        self._fd = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)

    def read(self, address: int, size: int) -> bytes:
        """Raises Unreadable for what is not there."""
        try:
            data = os.pread(self._fd, size, address)
        except (OSError, OverflowError) as error:
            raise Unreadable(f"nothing at {address:#x}") from error
        if len(data) != size:
            raise Unreadable(f"less than {size} bytes at {address:#x}")
        return data

    def word(self, address: int) -> int:
        return int(_WORD.unpack(self.read(address, 8))[0])

    def close(self) -> None:
        os.close(self._fd)


class Code:
    """A code object as it was when it was read; its table is decoded when a line is asked for.

    ``identity`` are the fields by which it is recognized. ``begin`` and ``size`` say where its
    instructions lie, in bytes: from an address on, or from 0 if they are numbered. Raises
    Unreadable for a bad table.
    """

    def __init__(
        self, identity: tuple[bytes, ...], path: str, begin: int, size: int, table: bytes,
        first: int, decode: Decoder,
    ) -> None:  # fmt: skip
        self.identity, self.path, self.begin, self.size = identity, path, begin, size
        self._table, self._first, self._decode = table, first, decode
        self._lines: Lines | None = None

    def line(self, offset: int) -> int:
        """The line of the instruction; 0 if it belongs to none.

        A function that was entered and has executed nothing yet is at its first line, as CPython
        itself has it (PyCode_Addr2Line).
        """
        if offset < 0:
            return self._first
        if self._lines is None:
            try:
                self._lines = Lines(list(self._decode(self._table, self._first)))
            except IndexError as error:
                raise Unreadable("a table of lines that is cut short") from error
        return self._lines.at(offset)


class Interpreter:
    """The interpreter in one process, by the address of its ``_PyRuntime``.

    ``version`` is (3, 12), for instance. Raises Unreadable for a layout that is not known.
    """

    def __init__(self, memory: Memory, runtime: int, version: tuple[int, int], pid: int) -> None:
        self._memory, self._runtime, self._pid = memory, runtime, pid
        layout = LAYOUTS.get(version) or published(memory.read(runtime, PUBLISHED_SIZE))
        if layout is None:
            raise Unreadable("an interpreter of a version that is not known")
        self.layout = layout
        self._thread_end = 8 + max(
            layout.next_thread, layout.interpreter, layout.native_id or layout.thread_id,
            layout.thread_id, layout.frame,
        )  # fmt: skip
        self._frame_end = 8 + max(layout.code, layout.previous, layout.instruction, layout.copy)
        self._code_end = 8 + max(
            layout.first_line, layout.file_name, layout.line_table, layout.type,
            layout.object_size, 0 if layout.pointer else layout.bytecode,
        )  # fmt: skip
        #: The fields by which a code object is recognized; others change while it is executed.
        self._identity = itemgetter(
            slice(layout.type, layout.type + 8),
            slice(layout.object_size, layout.object_size + 8),
            slice(layout.first_line, layout.first_line + 4),
            slice(layout.file_name, layout.file_name + 8),
            slice(layout.line_table, layout.line_table + 8),
        )
        self._codes: dict[int, Code] = {}
        self._types: dict[int, str] = {}
        self._id_in_pthread: int | None = None

    # --- threads -------------------------------------------------------------------------------

    def threads(self) -> dict[int, int]:
        """The address of each thread's state, by the kernel's id of it. Raises Unreadable."""
        layout, memory = self.layout, self._memory
        blocks: dict[int, bytes] = {}
        interpreter = memory.word(self._runtime + layout.interpreters)
        for _ in range(_MOST_INTERPRETERS):
            if not interpreter:
                break
            state = memory.word(interpreter + layout.first_thread)
            while state and state not in blocks and len(blocks) < _MOST_THREADS:
                block = memory.read(state, self._thread_end)
                if _at(block, layout.interpreter) != interpreter:
                    break  # it was freed before we reached it
                blocks[state] = block
                state = _at(block, layout.next_thread)
            interpreter = memory.word(interpreter + layout.next_interpreter)
        if layout.native_id is None and self._id_in_pthread is None and blocks:
            oldest = list(blocks.values())[-1]
            self._id_in_pthread = self._find_id(_at(oldest, layout.thread_id))
        found = {self._tid(block): state for state, block in blocks.items()}
        found.pop(0, None)
        return found

    def _tid(self, block: bytes) -> int:
        """The kernel's id of the thread with this state; 0 if it is not known."""
        layout = self.layout
        if layout.native_id is not None:
            return _at(block, layout.native_id)
        if self._id_in_pthread is None:
            return 0
        where = _at(block, layout.thread_id) + self._id_in_pthread
        return int(_INT.unpack(self._memory.read(where, _INT.size))[0])

    def _find_id(self, pthread: int) -> int | None:
        """Where the C library keeps the kernel's id, found in the main thread's structure."""
        around, own = self._memory.read(pthread, _PTHREAD_BYTES), _INT.pack(self._pid)
        place = around.find(own)
        while place % _INT.size:
            place = around.find(own, place + 1)
        return place if place >= 0 else None

    # --- where a thread is ---------------------------------------------------------------------

    def stack(self, state: int, tid: int) -> Iterator[tuple[Code, int]]:
        """Code and instruction of each frame, for ``Code.line``, the innermost first.

        Raises Unreadable when the state is no longer this thread's, or can't be right.
        """
        layout, memory = self.layout, self._memory
        block = memory.read(state, self._thread_end)
        if self._tid(block) != tid:
            raise Unreadable("the thread is another one")
        frame = _at(block, layout.frame)
        if layout.through is not None:
            frame = memory.word(frame + layout.through)
        for _ in range(_MOST_FRAMES):
            if not frame:
                return
            block = memory.read(frame, self._frame_end)
            address = _at(block, layout.code) & ~layout.code_tag
            code = self._code(address)
            if code is not None:
                if not layout.pointer:
                    offset = int(_INT.unpack_from(block, layout.instruction)[0]) * layout.unit
                elif layout.copies is None:
                    offset = _at(block, layout.instruction) - code.begin
                else:
                    offset = _at(block, layout.instruction) - self._copy(address, block)
                if not _NOT_BEGUN <= offset < code.size:
                    raise Unreadable("an instruction outside of its code")
                yield code, offset
            frame = _at(block, layout.previous)

    def _copy(self, code: int, frame: bytes) -> int:
        """Where the bytecode begins that this frame executes, of a code object that has a copy
        for each thread (``_PyCodeArray``, Include/cpython/code.h). Raises Unreadable."""
        layout, memory = self.layout, self._memory
        array = memory.word(code + (layout.copies or 0))
        (number,) = _INT.unpack_from(frame, layout.copy)
        if not 0 <= number < memory.word(array):
            raise Unreadable("a copy that there is not")
        return memory.word(array + 8 + 8 * number)

    def _code(self, address: int) -> Code | None:
        """The code object; None for a frame that the interpreter made for itself, without code.

        Raises Unreadable.
        """
        if not address:
            raise Unreadable("a frame without code")
        block = self._memory.read(address, self._code_end)
        identity = self._identity(block)
        known = self._codes.get(address)
        if known is not None and known.identity == identity:
            return known
        if self._type(block) == "code":
            known = self._read_code(address, block, identity)
            if len(self._codes) >= _MOST_CODES:
                self._codes.clear()
            self._codes[address] = known
            return known
        if self._type(block) == "NoneType":
            return None
        raise Unreadable("a frame whose code is none")

    def _read_code(self, address: int, block: bytes, identity: tuple[bytes, ...]) -> Code:
        layout, memory = self.layout, self._memory
        if layout.pointer:
            begin = address + layout.bytecode
            size = 2 * _at(block, layout.object_size)
        else:
            begin = 0
            size = _at(memory.read(_at(block, layout.bytecode), layout.object_size + 8),
                       layout.object_size)  # fmt: skip
        (first,) = _INT.unpack_from(block, layout.first_line)
        table = self._bytes(_at(block, layout.line_table))
        path = self._text(_at(block, layout.file_name))
        if self._identity(memory.read(address, self._code_end)) != identity:
            raise Unreadable("a code object that changed")
        return Code(identity, path, begin, size, table, first, layout.lines)

    # --- objects -------------------------------------------------------------------------------

    def _type(self, block: bytes) -> str:
        """The name of the type of an object with this beginning."""
        address = _at(block, self.layout.type)
        name = self._types.get(address)
        if name is None:
            start = self._memory.word(address + self.layout.type_name)
            name = self._memory.read(start, 16).partition(b"\0")[0].decode("latin-1")
            self._types[address] = name
        return name

    def _bytes(self, address: int) -> bytes:
        layout = self.layout
        head = self._memory.read(address, layout.object_size + 8)
        size = _at(head, layout.object_size)
        if self._type(head) != "bytes" or size > _LONGEST_TABLE:
            raise Unreadable("no bytes")
        return self._memory.read(address + layout.bytes_data, size)

    def _text(self, address: int) -> str:
        """A str in its compact form (PEP 393), as every constant is."""
        layout = self.layout
        head = self._memory.read(address, layout.compact_size)
        length = _at(head, layout.text_length)
        (state,) = _INT.unpack_from(head, layout.text_state)
        width, compact, ascii_only = state >> 2 & 7, state >> 5 & 1, state >> 6 & 1
        encoding = _BYTES_OF_KIND.get(width)
        if self._type(head) != "str" or not compact or encoding is None or length > _LONGEST_NAME:
            raise Unreadable("no str")
        start = address + (layout.ascii_size if ascii_only else layout.compact_size)
        return self._memory.read(start, length * width).decode(encoding, "surrogatepass")


def _at(block: bytes, offset: int) -> int:
    return int(_WORD.unpack_from(block, offset)[0])
