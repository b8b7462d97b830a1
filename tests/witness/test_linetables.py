"""Tables of lines, held against what each interpreter itself says of its code."""

from __future__ import annotations

import json
import subprocess

import pytest

from app.witness.layouts import LAYOUTS, PUBLISHED_SIZE, published
from app.witness.linetables import Lines, of_lnotab, of_pep626, of_pep657

#: Prints of every code object of some modules: its first line, its table, and the line of each
#: instruction by the interpreter's own reckoning.
TELL = """
import dis, json, sys, types, argparse, asyncio.tasks, decimal, typing, tokenize
def codes(code):
    yield code
    for one in code.co_consts:
        if isinstance(one, types.CodeType): yield from codes(one)
def lines(code):
    if hasattr(code, "co_lines"):
        return [(start, line or 0) for start, end, line in code.co_lines() if end > start]
    return list(dis.findlinestarts(code))
for module in (argparse, asyncio.tasks, typing, tokenize):
    with open(module.__file__, "rb") as file: text = file.read()
    for code in codes(compile(text, module.__file__, "exec")):
        table = code.co_linetable if sys.version_info >= (3, 10) else code.co_lnotab
        print(json.dumps([code.co_firstlineno, table.hex(), len(code.co_code), lines(code)]))
"""
DECODERS = {(3, 9): of_lnotab, (3, 10): of_pep626}


def test_lines_of_every_instruction_are_the_interpreters_own(python: str) -> None:
    done = subprocess.run([python, "-I", "-c", TELL], capture_output=True, check=True, text=True)
    version = subprocess.run(
        [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, check=True
    )
    major, minor = map(int, version.stdout.split())
    decode = DECODERS.get((major, minor), of_pep657)
    codes = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(codes) > 300
    for first, table, size, told in codes:
        found = Lines(list(decode(bytes.fromhex(table), first)))
        ends = [start for start, _ in told[1:]] + [size]
        for (start, line), end in zip(told, ends, strict=True):
            assert {found.at(offset) for offset in range(start, end, 2)} == {line}


def test_lines_outside_of_the_code_are_none() -> None:
    found = Lines(list(of_pep626(bytes([4, 0, 2, 1]), 7)))
    assert [found.at(offset) for offset in (-2, 0, 2, 4, 6, 100)] == [0, 7, 7, 8, 0, 0]


def test_pep657_table_that_is_cut_short_is_refused() -> None:
    with pytest.raises(IndexError):
        list(of_pep657(bytes([0x80 | 13 << 3]), 1))


def test_published_offsets_of_anything_else_are_none() -> None:
    assert published(b"") is None
    assert published(bytes(PUBLISHED_SIZE)) is None
    unknown = b"xdebugpy" + (0x03630000).to_bytes(8, "little") + bytes(PUBLISHED_SIZE)
    assert published(unknown) is None


def test_layouts_before_offsets_were_published_are_in_the_table() -> None:
    assert list(LAYOUTS) == [(3, 9), (3, 10), (3, 11), (3, 12)]
