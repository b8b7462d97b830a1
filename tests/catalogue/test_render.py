from __future__ import annotations

from typing import Any

import pytest

from app.catalogue.parameters import Value
from app.catalogue.render import BEGIN, END, BadProgram, constants, literal, render

PROGRAM = f'''"""A program."""

import time

{BEGIN}
WORKERS = 3  # how many, e.g. 3
NAME = "甲"  # 名字
SECONDS = 1.5
LOCK = True
{END}

print(WORKERS, NAME, SECONDS, LOCK)
WORKERS = 3
'''


def test_constants_are_those_of_the_block() -> None:
    assert constants(PROGRAM) == {"WORKERS": 3, "NAME": "甲", "SECONDS": 1.5, "LOCK": True}


def test_render_replaces_only_the_literals() -> None:
    found = render(PROGRAM, {"WORKERS": 12, "NAME": '乙 "quoted"', "SECONDS": 2.0, "LOCK": False})
    assert found == PROGRAM.replace("WORKERS = 3  #", "WORKERS = 12  #", 1).replace(
        '"甲"', '"乙 \\"quoted\\""'
    ).replace("1.5", "2.0").replace("True", "False")


def test_render_with_the_defaults_gives_the_same_text() -> None:
    assert render(PROGRAM, constants(PROGRAM)) == PROGRAM


def test_render_round_trips() -> None:
    values: dict[str, Value] = {
        "WORKERS": -70_000,
        "NAME": "a\nb\\",
        "SECONDS": 1e-09,
        "LOCK": False,
    }
    assert constants(render(PROGRAM, values)) == values


TABLE = f"""
{BEGIN}
FIRST = 1
JOBS = [
    ("A", 0, 3),
    ("B", 10_000, 2.5),
]  # the jobs
LAST = 2  # the last
{END}
"""


def test_table_is_a_list_of_tuples_a_line_each() -> None:
    assert constants(TABLE) == {"FIRST": 1, "JOBS": [("A", 0, 3), ("B", 10_000, 2.5)], "LAST": 2}
    assert render(TABLE, constants(TABLE)) == TABLE


@pytest.mark.parametrize("rows", [[("A",)], [("A", 1)] * 8, [('"\\', True)]])
def test_table_may_become_longer_or_shorter(rows: list[Any]) -> None:
    values: dict[str, Value] = {"LAST": 77, "JOBS": rows, "FIRST": 1_000}
    found = render(TABLE, values)
    assert constants(found) == values
    assert "]  # the jobs\nLAST = 77  # the last\n" in found


def test_render_refuses_a_setting_the_program_lacks() -> None:
    with pytest.raises(BadProgram, match="OTHER"):
        render(PROGRAM, {"OTHER": 1})


@pytest.mark.parametrize(
    "block",
    [
        "N = 1 + 1",
        "n = 1",
        "N: int = 1",
        "N = [1]",
        "import os",
        'N = """a\nb"""',
        "A = B = 1",
        "N = None",
        "N = []",
        "N = [(1, None)]",
        "N = [(1, [2])]",
        "N = ((1, 2),)",
    ],
)
def test_constants_refuse_anything_but_plain_lines(block: str) -> None:
    with pytest.raises(BadProgram, match="is not NAME = literal"):
        constants(f"{BEGIN}\n{block}\n{END}\n")


@pytest.mark.parametrize("text", ["", BEGIN, f"{BEGIN}\n{BEGIN}\n{END}"])
def test_constants_refuse_a_program_without_its_block(text: str) -> None:
    with pytest.raises(BadProgram, match="has one line"):
        constants(text)


def test_literal_marks_thousands() -> None:
    assert [literal(9_999), literal(12_000_000), literal(0.5), literal(True), literal("a")] == [
        "9999",
        "12_000_000",
        "0.5",
        "True",
        '"a"',
    ]
