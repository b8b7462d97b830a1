"""Writes the values of parameters into a program, so that exactly the text that ran can run again.

A program's settings are one block at its top: lines ``NAME = literal`` between two marker comments.
Only the literals are replaced; names, order and comments stay. A table is a list of tuples, each on
a line of its own.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping

from app.catalogue.parameters import Value

BEGIN = "# --- settings: change them and run the program again ---"
END = "# --- end of settings ---"


class BadProgram(Exception):
    """The program's block of settings has another form than ``render`` needs."""


def constants(program: str) -> dict[str, Value]:
    """The settings of ``program`` by name. Raises BadProgram if the block is malformed."""
    return {name: ast.literal_eval(node) for name, node in _settings(program)}


def render(program: str, values: Mapping[str, Value]) -> str:
    """``program`` with its settings set to these ``values``.

    Raises BadProgram if it does not have one of these settings.
    """
    settings = dict(_settings(program))
    if missing := values.keys() - settings.keys():
        raise BadProgram(f"The program has no setting {', '.join(sorted(missing))}.")
    lines = program.encode().splitlines(keepends=True)  # ast counts columns in UTF-8 bytes
    # From the last one upwards, as a table may change the number of lines.
    for name in sorted(values, key=lambda name: -settings[name].lineno):
        node = settings[name]
        assert node.end_lineno is not None and node.end_col_offset is not None
        head = lines[node.lineno - 1][: node.col_offset]
        tail = lines[node.end_lineno - 1][node.end_col_offset :]
        text = head + literal(values[name]).encode() + tail
        lines[node.lineno - 1 : node.end_lineno] = text.splitlines(keepends=True)
    return b"".join(lines).decode()


def literal(value: Value) -> str:
    """``value`` in the style of the programs: double quotes, underscores in large numbers."""
    if isinstance(value, list):
        rows = (", ".join(map(literal, row)) + "," * (len(row) == 1) for row in value)
        return "[\n" + "".join(f"    ({row}),\n" for row in rows) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000:
        return f"{value:_}"
    return repr(value)


def _settings(program: str) -> Iterator[tuple[str, ast.expr]]:
    lines = [line.rstrip() for line in program.splitlines()]
    if lines.count(BEGIN) != 1 or lines.count(END) != 1:
        raise BadProgram(f"A program has one line {BEGIN!r} and one line {END!r}.")
    first, last = lines.index(BEGIN) + 1, lines.index(END) + 1
    for node in ast.parse(program).body:
        if not first < node.lineno < last:
            continue
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if (
                name.isupper()
                and (value.lineno == value.end_lineno or isinstance(value, ast.List))
                and _is_literal(value)
            ):
                yield name, value
            case _:
                raise BadProgram(f"Line {node.lineno} of the settings is not NAME = literal.")


def _is_literal(node: ast.expr) -> bool:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return False
    if isinstance(value, list):
        return bool(value) and all(
            isinstance(row, tuple) and all(isinstance(cell, _CELLS) for cell in row)
            for row in value
        )
    return isinstance(value, _CELLS)


_CELLS = (int, float, str)
