"""A small catalogue and an application around it, with a worker that the test scripts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI

from app.catalogue import Catalogue, Claim, Group, Idea, Parameters, Scenario, Tags, Text
from app.catalogue.claims import Answer
from app.catalogue.parameters import choice, flag, integer, number
from app.doctor.interpreters import Interpreter
from app.runs.launcher import Launcher
from app.timeline.states import State, Verdict
from app.web.application import create_app
from tests.runs.make import FakeLauncher, settings

PROGRAM = '''"""Two <b>friends</b> eat."""

# --- settings: change them and run the program again ---
COUNT = 3
PAUSE = 0.5
ORDERED = True
METHOD = "fork"
# --- end of settings ---

print("</script><script>alert(1)</script>", COUNT)
'''
NOTES = "# Notes\n\nA *lock* <script>alert(1)</script> [x](javascript:alert(1))\n"


class Settings(Parameters):
    count: int = integer(
        3, Text(en="How many", zh="数量"), minimum=1, maximum=9, help=Text(en="h", zh="帮")
    )
    pause: float = number(0.5, Text(en="Pause", zh="停顿"), minimum=0, maximum=2, unit="s")
    ordered: bool = flag(True, Text(en="In order", zh="按顺序"))
    method: Literal["fork", "spawn"] = choice(
        "fork",
        Text(en="Start", zh="启动"),
        {"fork": Text(en="Fork", zh="复制"), "spawn": Text(en="Spawn", zh="新建")},
    )


def scenario(folder: Path, name: str, group: Group = Group.LOCKS, level: int = 1) -> Scenario[Any]:
    place = folder / name
    place.mkdir(parents=True)
    (place / "program.py").write_text(PROGRAM)
    (place / "notes.en.md").write_text(NOTES)
    (place / "notes.zh.md").write_text("# 说明\n\n互斥锁。\n")
    return Scenario(
        file=str(place / "scenario.py"),
        group=group,
        title=Text(en=f"Title of {name} <i>", zh=f"{name} 的标题 <i>"),
        summary=Text(en=f"What {name} shows & why", zh="摘要"),
        parameters=Settings,
        claims=(Claim("c", Text(en="Nobody <waits>.", zh="没有人等待。"), _seen),),
        tags=Tags((Idea.DEADLOCK,), ("threading.Lock",), (State.BLOCKED,), level),
    )


def _seen(*_: object) -> Answer:
    return Answer(Verdict.HOLDS, Text(en="w", zh="w"))


def catalogue(folder: Path) -> Catalogue:
    return Catalogue(
        [
            scenario(folder, "dead_lock"),
            scenario(folder, "fork_bomb", Group.PROCESSES, level=3),
        ]
    )


async def interpreters() -> list[Interpreter]:
    own = Interpreter(
        path=sys.executable, implementation="CPython", version="3.11.7", gil=True, probe=True
    )
    return [own, own.model_copy(update={"path": "/opt/other", "version": "3.13.0t", "gil": False})]


def application(tmp_path: Path, launcher: Launcher | None = None, **values: Any) -> FastAPI:
    return create_app(
        settings(tmp_path / "data", **values),
        launcher=launcher or FakeLauncher(script=5, ends=True),
        catalogue=catalogue(tmp_path / "scenarios"),
        find_interpreters=interpreters,
    )
