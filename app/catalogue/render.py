"""Writes a program with its parameters' values in place, so that what ran can be run again.

A program's settings stand in one block at its top, plain ``NAME = literal`` lines between two
marker comments. Only the literals are replaced: names, order and comments stay as they were.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping

from app.catalogue.parameters import Value

BEGIN = "# --- settings: change them and run the program again ---"
END = "# --- end of settings ---"


class BadProgram(Exception):
    """The program's settings block is not as ``render`` needs it."""


def constants(program: str) -> dict[str, Value]:
    """The settings of ``program`` by name. Raises BadProgram where the block is malformed."""
    return {name: ast.literal_eval(node) for name, node in _settings(program)}


def render(program: str, values: Mapping[str, Value]) -> str:
    """``program`` with each of its settings that ``values`` names set to that value.

    Raises BadProgram when ``values`` names a setting that the program does not have.
    """
    settings = dict(_settings(program))
    if missing := values.keys() - settings.keys():
        raise BadProgram(f"The program has no setting {', '.join(sorted(missing))}.")
    lines = program.encode().splitlines(keepends=True)  # ast counts columns in UTF-8 bytes
    for name, value in values.items():
        node = settings[name]
        assert node.end_col_offset is not None
        line = lines[node.lineno - 1]
        lines[node.lineno - 1] = (
            line[: node.col_offset] + literal(value).encode() + line[node.end_col_offset :]
        )
    return b"".join(lines).decode()


def literal(value: Value) -> str:
    """``value`` as the programs spell it: double quotes, thousands marked in large numbers."""
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
                name.isupper() and value.lineno == value.end_lineno and _is_literal(value)
            ):
                yield name, value
            case _:
                raise BadProgram(f"Line {node.lineno} of the settings is not NAME = literal.")


def _is_literal(node: ast.expr) -> bool:
    try:
        return isinstance(ast.literal_eval(node), (int, float, str))
    except ValueError:
        return False
