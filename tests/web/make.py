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
    count: int = integer(3, Text("How many", "数量"), minimum=1, maximum=9, help=Text("h", "帮"))
    pause: float = number(0.5, Text("Pause", "停顿"), minimum=0, maximum=2, unit="s")
    ordered: bool = flag(True, Text("In order", "按顺序"))
    method: Literal["fork", "spawn"] = choice(
        "fork",
        Text("Start", "启动"),
        {"fork": Text("Fork", "复制"), "spawn": Text("Spawn", "新建")},
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
        place=1,
        title=Text(f"Title of {name} <i>", f"{name} 的标题 <i>"),
        summary=Text(f"What {name} shows & why", "摘要"),
        parameters=Settings,
        claims=(Claim("c", Text("Nobody <waits>.", "没有人等待。"), _seen),),
        tags=Tags((Idea.DEADLOCK,), ("threading.Lock",), (State.BLOCKED,), level),
    )


def _seen(*_: object) -> Answer:
    return Answer(Verdict.HOLDS, Text("w", "w"))


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
