from __future__ import annotations

from typing import Any, Literal

import pytest

from app.catalogue.parameters import (
    Choice,
    Parameters,
    choice,
    fields,
    flag,
    integer,
    number,
    validate,
)
from app.errors import InvalidParameters
from app.locale.text import Text


class Settings(Parameters):
    workers: int = integer(3, Text(en="Workers", zh="工作进程"), minimum=1, maximum=8)
    seconds: float = number(
        1.5,
        Text(en="Time", zh="时间"),
        minimum=0.5,
        maximum=10,
        unit="s",
        help=Text(en="Help", zh="帮助"),
    )
    lock: bool = flag(True, Text(en="Lock", zh="加锁"))
    method: Literal["fork", "spawn"] = choice(
        "fork",
        Text(en="Method", zh="方式"),
        {"fork": Text(en="f", zh="叉"), "spawn": Text(en="s", zh="新")},
    )


def check(**raw: Any) -> Settings:
    return validate(Settings, raw, owner="example")


def refused(language: str = "en", **raw: Any) -> dict[str, str]:
    with pytest.raises(InvalidParameters) as caught:
        validate(Settings, raw, owner="example", language=language)
    return caught.value.fields


def test_fields_are_made_from_the_model() -> None:
    workers, seconds, lock, method = fields(Settings)
    assert (workers.name, workers.kind, workers.default) == ("workers", "int", 3)
    assert (workers.minimum, workers.maximum, workers.step) == (1, 8, 1)
    assert workers.title == Text(en="Workers", zh="工作进程")
    assert (seconds.kind, seconds.unit, seconds.step, seconds.help.of("zh")) == (
        "float",
        "s",
        0.1,
        "帮助",
    )
    assert (lock.kind, lock.default, lock.choices) == ("bool", True, [])
    assert method.kind == "choice"
    assert method.choices == [
        Choice("fork", Text(en="f", zh="叉")),
        Choice("spawn", Text(en="s", zh="新")),
    ]


def test_fields_refuse_a_plain_field() -> None:
    class Plain(Parameters):
        n: int = 1

    with pytest.raises(TypeError, match=r"Plain\.n"):
        fields(Plain)


def test_validate_fills_in_defaults() -> None:
    assert check() == Settings(workers=3, seconds=1.5, lock=True, method="fork")


def test_validate_takes_strings_of_a_form() -> None:
    found = check(workers=" 4 ", seconds="2.5", lock="off", method="spawn")
    assert found == Settings(workers=4, seconds=2.5, lock=False, method="spawn")


def test_validate_takes_json_values() -> None:
    found = check(workers=8, seconds=2, lock=False, method="spawn")
    assert found == Settings(workers=8, seconds=2.0, lock=False, method="spawn")


@pytest.mark.parametrize("value", ["x", "", 0, 9, 2.5, "1e3", None, True, [1], "9" * 5000])
def test_validate_names_what_a_whole_number_may_be(value: object) -> None:
    (sentence,) = refused(workers=value).values()
    assert sentence.startswith("Workers must be a whole number from 1 to 8, not ")
    assert len(sentence) < 150


@pytest.mark.parametrize("value", ["nan", "inf", float("nan"), 0.4, 11, "two", True, {}])
def test_validate_names_what_a_number_may_be(value: object) -> None:
    (sentence,) = refused(seconds=value).values()
    assert sentence.startswith("Time must be a number from 0.5 to 10 s, not ")


@pytest.mark.parametrize("value", ["maybe", 1, 0, None, "2"])
def test_validate_names_what_a_switch_may_be(value: object) -> None:
    assert refused(lock=value)["lock"].startswith("Lock must be true or false, not ")


@pytest.mark.parametrize("value", ["Fork", "", 1, None, ["fork"]])
def test_validate_names_what_a_choice_may_be(value: object) -> None:
    assert refused(method=value)["method"].startswith("Method must be one of: fork, spawn, not ")


def test_validate_names_an_unknown_parameter_and_the_known_ones() -> None:
    sentence = refused(wrokers=4)["wrokers"]
    assert sentence == (
        "example has no parameter 'wrokers'; it has: workers, seconds, lock, method."
    )


def test_validate_gives_a_sentence_for_every_wrong_field_at_once() -> None:
    assert set(refused(workers=0, seconds="x", method="?", other=1)) == {
        "workers",
        "seconds",
        "method",
        "other",
    }


def test_validate_speaks_chinese() -> None:
    assert refused("zh-CN", workers=99)["workers"] == "“工作进程”应为 1 到 8 的整数，而不是 99。"
    assert "没有参数" in refused("zh", other=1)["other"]
