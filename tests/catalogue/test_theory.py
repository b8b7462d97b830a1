"""What stands beside a run of the schedulers: the textbook's chart and times, and the run's own."""

from __future__ import annotations

from typing import Any

from app.catalogue import load
from app.timeline.frames import Frame
from app.timeline.states import FlowKind
from app.timeline.timeline import Timeline
from tests.catalogue.build import Build
from tests.catalogue.cases.schedulers import run
from tests.merging import merge

MS = 1_000_000


def theory(b: Build, **settings: Any) -> dict[str, Any] | None:
    scenario = load()["schedulers"]
    return scenario.theory_json(b.timeline, scenario.validate({"unit_ms": 40, **settings}))


def test_book_and_run_stand_in_one_table_and_lanes() -> None:
    b = Build()
    run(b, "A 5 85", "B 95 135", "A 140 180", came={"B": 45})
    found = theory(b, policy="rr", quantum=2, jobs="A 0 3; B 1 1")
    assert found is not None
    a, other = found["lanes"]
    assert (a["name"], other["name"]) == ("A", "B")
    assert a["book"] == [(0, 80 * MS), (120 * MS, 160 * MS)]
    assert a["run"] == [(0, 80 * MS), (135 * MS, 175 * MS)]  # since the first job's coming
    assert other["book"] == [(80 * MS, 120 * MS)]
    assert [row["name"]["en"] for row in found["rows"]] == ["A", "B", "average"]
    assert found["rows"][0]["cells"] == [
        [160 * MS, 175 * MS],
        [40 * MS, 55 * MS],
        [0, 0],
    ]
    assert found["rows"][1]["cells"][0] == [80 * MS, 90 * MS]
    assert found["rows"][2]["cells"][0] == [120 * MS, 132_500_000]
    assert "No job computed for 15.0 ms" in found["note"]["en"]


def test_time_that_other_programs_had_is_told_apart() -> None:
    b = Build()
    main = b.process("program.py", 0, 200)
    run(b, "B 0 40")
    job = b.process("A", 50, 130, parent=main)
    b.rows(job, "running 50 60, ready 60 90, running 90 130")
    b.flow(FlowKind.SIGNAL, main, 50, job, 50)
    found = theory(b, policy="fcfs", jobs="A 0 1; B 0 1")
    assert found is not None
    assert "for 40.0 ms in it, for 30.0 ms because other programs" in found["note"]["en"]


def test_nothing_stands_beside_a_run_that_was_cut_short() -> None:
    b = Build()
    run(b, "A 0 40")
    assert theory(b, jobs="A 0 1; B 0 1") is None


def test_scenario_without_a_theory_has_nothing_beside_it() -> None:
    scenario = load()["queue"]
    assert scenario.theory_json(Timeline(), scenario.validate({})) is None


def test_theory_travels_in_frames_and_json_speaks_one_language() -> None:
    said = {"title": {"en": "Beside", "zh": "对照"}, "rows": [{"name": {"en": "A", "zh": "甲"}}]}
    late = merge([Frame(0, 1, {"state": "running"}), Frame(1, 2, {"beside": said})])
    timeline = Timeline([late])
    assert timeline.to_json("zh")["beside"] == {"title": "对照", "rows": [{"name": "甲"}]}
    assert timeline.to_json()["beside"]["title"] == "Beside"
    assert "beside" not in Timeline().to_json()
