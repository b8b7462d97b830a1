"""Where a process's CPython keeps its runtime: a futex inside it is the interpreter lock's.

The symbol ``_PyRuntime`` is looked up in the ELF file (elf(5)) of the executable or of
libpython, and moved by the place where /proc/<pid>/maps says that file was loaded. The lock is a
condition variable in that structure since CPython 3.7.
"""

from __future__ import annotations

import os
import re
import struct
from typing import NamedTuple

_EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
_PHDR = struct.Struct("<IIQQQQQQ")
_SHDR = struct.Struct("<IIQQQQIIQQ")
_SYM = struct.Struct("<IBBHQQ")
_PT_LOAD = 1
_SHT_SYMTAB, _SHT_DYNSYM = 2, 11
_SYMBOL = b"_PyRuntime"
_PYTHON = re.compile(r"/(lib)?(python|pypy)[^/]*$")


class Symbol(NamedTuple):
    """Address and size in the file's own terms; ``first_load`` is where its image begins."""

    address: int
    size: int
    first_load: int


def find_symbol(path: str, wanted: bytes = _SYMBOL) -> Symbol | None:
    """The symbol in the 64-bit little-endian ELF file, or None where it has none.

    Raises OSError when the file can't be read, ValueError when it is no such ELF file.
    """
    with open(path, "rb") as file:

        def at(offset: int, size: int) -> bytes:
            file.seek(offset)
            data = file.read(size)
            if len(data) != size:
                raise ValueError(f"{path} is cut short")
            return data

        (ident, _, _, _, _, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, _) = (
            _EHDR.unpack(at(0, _EHDR.size))
        )
        if ident[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path} is no 64-bit little-endian ELF file")
        loads = []
        for index in range(phnum):
            header = _PHDR.unpack(at(phoff + index * phentsize, _PHDR.size))
            if header[0] == _PT_LOAD:
                loads.append(header[3] & ~(max(header[7], 1) - 1))
        sections = [_SHDR.unpack(at(shoff + i * shentsize, _SHDR.size)) for i in range(shnum)]
        for kind in (_SHT_DYNSYM, _SHT_SYMTAB):
            for section in sections:
                if section[1] != kind or section[6] >= len(sections):
                    continue
                names = at(sections[section[6]][4], sections[section[6]][5])
                found = _search(at(section[4], section[5]), names, wanted)
                if found:
                    return Symbol(*found, min(loads, default=0))
    return None


def _search(symbols: bytes, names: bytes, wanted: bytes) -> tuple[int, int] | None:
    place = names.find(b"\0" + wanted + b"\0") + 1
    if not place:
        return None
    for name, _, _, section, value, size in _SYM.iter_unpack(symbols[: len(symbols) // 24 * 24]):
        if name == place and section and size:
            return value, size
    return None


class RuntimeFinder:
    """Answers whether an address lies in the ``_PyRuntime`` of a process."""

    def __init__(self) -> None:
        self._symbols: dict[tuple[int, int], Symbol | None] = {}
        self._spans: dict[int, tuple[int, int]] = {}

    def contains(self, pid: int, address: int) -> bool:
        span = self._spans.get(pid)
        if span is None:
            span = self._spans[pid] = self._find(pid)
        return span[0] <= address < span[1]

    def start(self, pid: int) -> int:
        """The address of the runtime; 0 if there is none."""
        return self._find(pid)[0]

    def forget(self, pid: int) -> None:
        self._spans.pop(pid, None)

    def _find(self, pid: int) -> tuple[int, int]:
        """First and past-the-last address of the runtime; (0, 0) if there is none."""
        try:
            with open(f"/proc/{pid}/maps") as file:
                lines = file.read().splitlines()
            program = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            return 0, 0
        seen: set[str] = set()
        for line in lines:
            fields = line.split(maxsplit=5)
            if len(fields) < 6 or fields[5] in seen:
                continue
            path = fields[5]
            if path != program and not _PYTHON.search(path):
                continue
            seen.add(path)
            symbol = self._symbol(f"/proc/{pid}/root{path}")
            if symbol is not None:
                base = int(fields[0].partition("-")[0], 16) - symbol.first_load
                base -= int(fields[2], 16)  # the first mapping is of the file's beginning
                return base + symbol.address, base + symbol.address + symbol.size
        return 0, 0

    def _symbol(self, path: str) -> Symbol | None:
        try:
            info = os.stat(path)
            key = info.st_dev, info.st_ino
            if key not in self._symbols:
                self._symbols[key] = find_symbol(path)
            return self._symbols[key]
        except (OSError, ValueError):
            return None
