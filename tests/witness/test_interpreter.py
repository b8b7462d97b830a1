"""A process of a free-threaded CPython 3.14 as its memory would be, laid out by hand.

Since 3.14 such a build has a copy of a function's bytecode for each thread, and a frame tells
which it executes.
"""

from __future__ import annotations

import struct

import pytest

from app.witness.interpreter import Interpreter, Unreadable
from app.witness.layouts import PUBLISHED_SIZE, published

FINAL_314, RC_314 = 0x030E00F0, 0x030E00C1
#: Addresses: apart, so that nothing is found by chance.
RUNTIME, INTERPRETER, STATE = 0x10000, 0x20000, 0x30000
FRAMES, CODE, ARRAY, COPIES = (0x40000, 0x41000), 0x50000, 0x60000, (0x50100, 0x70000, 0x71000)
TYPES = {"code": 0x80000, "bytes": 0x80100, "str": 0x80200}
NAME, TABLE, TID = 0x90000, 0x91000, 77
#: Offsets as such an interpreter might tell them, by their place among the published words.
OFFSETS = {
    2: 8, 5: 16, 6: 24, 21: 8, 22: 16, 23: 32, 24: 40, 25: 48,
    29: 8, 30: 0, 31: 16, 35: 24, 37: 48, 40: 56, 41: 40, 45: 0x100, 46: 64,
    47: 32, 48: 24, 50: 8, 73: 40, 75: 40, 76: 32, 77: 56,
}  # fmt: skip
#: Three entries of one instruction each, at lines 5, 6 and 7 (no columns).
LINES = bytes([0x80 | 13 << 3, 0, 0x80 | 13 << 3, 2, 0x80 | 13 << 3, 2])


def block(version: int, free_threaded: bool) -> bytes:
    words = [OFFSETS.get(place, 0) for place in range((PUBLISHED_SIZE - 24) // 8)]
    return struct.pack(f"<8sQQ{len(words)}Q", b"xdebugpy", version, free_threaded, *words)


class Image:
    """Memory of which only what was put there can be read; the rest of a page is zero."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def put(self, address: int, data: bytes) -> None:
        page = self._pages.setdefault(address >> 8, bytearray(4096))
        page[address & 0xFF : (address & 0xFF) + len(data)] = data

    def word_at(self, address: int, value: int) -> None:
        self.put(address, struct.pack("<Q", value))

    def read(self, address: int, size: int) -> bytes:
        page = self._pages.get(address >> 8)
        if page is None:
            raise Unreadable(f"nothing at {address:#x}")
        return bytes(page[address & 0xFF : (address & 0xFF) + size])

    def word(self, address: int) -> int:
        return int.from_bytes(self.read(address, 8), "little")


def image(copies: tuple[int, int] = (2, 0)) -> Image:
    """One thread with two frames of one function, which execute these copies of its bytecode."""
    memory = Image()
    memory.put(RUNTIME, block(FINAL_314, True))
    return _objects(_frames(memory, copies))


def _frames(memory: Image, copies: tuple[int, int]) -> Image:
    for number, (frame, copy) in enumerate(zip(FRAMES, copies, strict=True)):
        memory.word_at(frame + 0, CODE | 1)  # tagged: it doesn't count
        memory.word_at(frame + 8, FRAMES[1] if number == 0 else 0)
        memory.word_at(frame + 16, COPIES[copy % 3] + 2 * (number + 1))
        memory.put(frame + 24, struct.pack("<i", copy))
    memory.word_at(STATE + 8, 0)
    memory.word_at(STATE + 16, INTERPRETER)
    memory.word_at(STATE + 32, FRAMES[0])
    memory.word_at(STATE + 48, TID)
    return memory


def _objects(memory: Image) -> Image:
    for name, address in TYPES.items():
        memory.word_at(address + 8, address + 64)
        memory.put(address + 64, name.encode() + b"\0")
    for address, name in ((CODE, "code"), (NAME, "str"), (TABLE, "bytes")):
        memory.word_at(address + 24, TYPES[name])
    memory.word_at(CODE + 32, 3)  # instructions
    memory.put(CODE + 40, struct.pack("<i", 5))
    memory.word_at(CODE + 48, NAME)
    memory.word_at(CODE + 56, TABLE)
    memory.word_at(CODE + 64, ARRAY)
    memory.word_at(ARRAY, len(COPIES))
    for number, copy in enumerate(COPIES):
        memory.word_at(ARRAY + 8 + 8 * number, copy)
    memory.word_at(TABLE + 32, len(LINES))
    memory.put(TABLE + 40, LINES)
    memory.word_at(NAME + 32, 4)
    memory.put(NAME + 40, struct.pack("<i", 1 << 2 | 1 << 5 | 1 << 6))
    memory.put(NAME + 56, b"a.py")
    return memory


def lines(memory: Image) -> list[tuple[str, int]]:
    interpreter = Interpreter(memory, RUNTIME, (3, 14), TID)  # type: ignore[arg-type]
    return [(code.path, code.line(offset)) for code, offset in interpreter.stack(STATE, TID)]


def test_lines_of_frames_that_execute_copies_are_told() -> None:
    assert lines(image()) == [("a.py", 6), ("a.py", 7)]
    assert lines(image((0, 1))) == [("a.py", 6), ("a.py", 7)]


def test_copy_that_there_is_not_is_unreadable() -> None:
    for number in (3, -1):
        with pytest.raises(Unreadable, match="a copy that there is not"):
            lines(image((number, 0)))


def test_instruction_of_another_copy_is_unreadable() -> None:
    memory = image()
    memory.put(FRAMES[0] + 24, struct.pack("<i", 1))
    with pytest.raises(Unreadable, match="outside of its code"):
        lines(memory)


def test_published_offsets_of_a_version_that_is_not_final_are_none() -> None:
    assert published(block(FINAL_314, True)) is not None
    assert published(block(RC_314, True)) is None
    assert published(block(0x030F00A7, False)) is None


def test_published_offsets_tell_of_copies_only_without_the_gil() -> None:
    for version, free_threaded, copied in (
        (0x030D00F0, True, False), (FINAL_314, False, False), (FINAL_314, True, True),
    ):  # fmt: skip
        layout = published(block(version, free_threaded))
        assert layout is not None
        assert (layout.copies is not None) == copied
