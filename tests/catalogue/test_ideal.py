"""The textbook's schedules against published charts and tables, and against the program's own.

The sources: Silberschatz, Galvin, Gagne, "Operating System Concepts", 10th edition, section 5.3
(the examples of FCFS, SJF, SRTF, round robin and priority; the 9th has them in 6.3); Stallings,
"Operating Systems: Internals and Design Principles", chapter 9, tables 9.4 and 9.5; Tanenbaum, Bos,
"Modern Operating Systems", 4th edition, section 2.4.2 (figure 2-41 and the five jobs after it);
Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapters 7 (Scheduling: Introduction) and
8 (The Multi-Level Feedback Queue).
"""

from __future__ import annotations

from statistics import fmean
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalogue import load
from app.scenarios.schedulers.ideal import ideal, times
from app.scenarios.schedulers.jobs import Job


def jobs(*rows: tuple[Any, ...]) -> list[Job]:
    names = list(Job.model_fields)
    return [Job(**dict(zip(names, row, strict=False))) for row in rows]


def chart(policy: str, of: list[Job], quantum: int = 1, aging: int = 0) -> str:
    """Such as ``A 0-3, B 3-9``."""
    turns = ideal(policy, of, quantum, aging)
    return ", ".join(f"{turn.name} {turn.start}-{turn.end}" for turn in turns)


def column(name: str, policy: str, of: list[Job], quantum: int = 1) -> list[int]:
    """One column of the table, in the order of the jobs."""
    found = times(of, ideal(policy, of, quantum))
    return [getattr(found[job.name], name) for job in of]


# --- Silberschatz, 5.3 ---

CONVOY = jobs(("P1", 0, 24), ("P2", 0, 3), ("P3", 0, 3))
FOUR = jobs(("P1", 0, 8), ("P2", 1, 4), ("P3", 2, 9), ("P4", 3, 5))


def test_silberschatz_first_come() -> None:
    assert chart("fcfs", CONVOY) == "P1 0-24, P2 24-27, P3 27-30"
    assert column("waiting", "fcfs", CONVOY) == [0, 24, 27]  # 17 on average
    other = [CONVOY[1], CONVOY[2], CONVOY[0]]
    assert chart("fcfs", other) == "P2 0-3, P3 3-6, P1 6-30"
    assert fmean(column("waiting", "fcfs", other)) == 3


def test_silberschatz_shortest_first() -> None:
    of = jobs(("P1", 0, 6), ("P2", 0, 8), ("P3", 0, 7), ("P4", 0, 3))
    assert chart("sjf", of) == "P4 0-3, P1 3-9, P3 9-16, P2 16-24"
    assert column("waiting", "sjf", of) == [3, 16, 9, 0]  # 7 on average, 10.25 first come
    assert fmean(column("waiting", "fcfs", of)) == 10.25


def test_silberschatz_shortest_remaining_first() -> None:
    assert chart("srtf", FOUR) == "P1 0-1, P2 1-5, P4 5-10, P1 10-17, P3 17-26"
    assert fmean(column("waiting", "srtf", FOUR)) == 6.5
    assert fmean(column("waiting", "sjf", FOUR)) == 7.75


def test_silberschatz_round_robin() -> None:
    assert chart("rr", CONVOY, 4) == "P1 0-4, P2 4-7, P3 7-10, P1 10-30"
    assert column("waiting", "rr", CONVOY, 4) == [6, 4, 7]  # 5.66 on average


def test_silberschatz_priority() -> None:
    of = jobs(("P1", 0, 10, 3), ("P2", 0, 1, 1), ("P3", 0, 2, 4), ("P4", 0, 1, 5), ("P5", 0, 5, 2))
    assert chart("priority", of) == "P2 0-1, P5 1-6, P1 6-16, P3 16-18, P4 18-19"
    assert fmean(column("waiting", "priority", of)) == pytest.approx(8.2)


# --- Stallings, tables 9.4 and 9.5 ---

STALLINGS = jobs(("A", 0, 3), ("B", 2, 6), ("C", 4, 4), ("D", 6, 5), ("E", 8, 2))


@pytest.mark.parametrize(
    ("policy", "quantum", "ends", "mean_turnaround"),
    [
        ("fcfs", 1, [3, 9, 13, 18, 20], 8.60),
        ("rr", 1, [4, 18, 17, 20, 15], 10.80),
        ("rr", 4, [3, 17, 11, 20, 19], 10.00),
        ("sjf", 1, [3, 9, 15, 20, 11], 7.60),
        ("srtf", 1, [3, 15, 8, 20, 10], 7.20),
    ],
)
def test_stallings_comparison(
    policy: str, quantum: int, ends: list[int], mean_turnaround: float
) -> None:
    assert column("end", policy, STALLINGS, quantum) == ends
    assert fmean(column("turnaround", policy, STALLINGS, quantum)) == pytest.approx(mean_turnaround)


# --- Tanenbaum, 2.4.2 ---


def test_tanenbaum_shortest_first() -> None:
    of = jobs(("A", 0, 8), ("B", 0, 4), ("C", 0, 4), ("D", 0, 4))
    assert fmean(column("turnaround", "fcfs", of)) == 14
    assert column("turnaround", "sjf", of) == [20, 4, 8, 12]  # 11 on average


def test_tanenbaum_shortest_first_of_those_that_are_there() -> None:
    of = jobs(("A", 0, 2), ("B", 0, 4), ("C", 3, 1), ("D", 3, 1), ("E", 3, 1))
    assert chart("sjf", of) == "A 0-2, B 2-6, C 6-7, D 7-8, E 8-9"
    assert fmean(column("turnaround", "sjf", of)) == pytest.approx(4.6)


# --- Three Easy Pieces: a unit is 10 s in 7.3 to 7.5, 1 s in 7.7, 10 ms in 7.8 and 8.2 ---


def test_three_easy_pieces_turnaround() -> None:
    of = jobs(("A", 0, 10), ("B", 0, 1), ("C", 0, 1))
    assert fmean(column("turnaround", "fcfs", of)) == 11  # 110 s
    assert fmean(column("turnaround", "sjf", of)) == 5  # 50 s
    late = jobs(("A", 0, 10), ("B", 1, 1), ("C", 1, 1))
    assert fmean(column("turnaround", "sjf", late)) == pytest.approx(10.333, abs=1e-3)  # 103.33 s
    assert chart("srtf", late) == "A 0-1, B 1-2, C 2-3, A 3-12"
    assert fmean(column("turnaround", "srtf", late)) == 5  # 50 s


def test_three_easy_pieces_response() -> None:
    of = jobs(("A", 0, 5), ("B", 0, 5), ("C", 0, 5))
    assert fmean(column("response", "sjf", of)) == 5
    assert fmean(column("response", "rr", of)) == 1
    assert column("end", "rr", of) == [13, 14, 15]


def test_three_easy_pieces_io_overlaps() -> None:
    """Figure 7.9, up to 80 ms: then each needs 10 ms more, and who runs goes on."""
    of = jobs(("A", 0, 5, 1, 1, 1), ("B", 0, 5))
    assert chart("srtf", of).startswith("A 0-1, B 1-2, A 2-3, B 3-4, A 4-5, B 5-6, A 6-7, B 7-")
    assert sorted(column("end", "srtf", of)) == [9, 10]


def test_three_easy_pieces_feedback_lets_a_short_job_by() -> None:
    """Figure 8.3: the short job is done in two turns, above the long one."""
    assert chart("mlfq", jobs(("A", 0, 18), ("B", 10, 2))) == "A 0-10, B 10-12, A 12-20"


# --- the rules where the books leave room ---


def test_job_that_waits_gets_its_turn_by_aging() -> None:
    of = jobs(("low", 0, 2, 5), *((f"high{n}", 3 * n, 3, 1) for n in range(5)))
    assert times(of, ideal("priority", of))["low"].response == 15
    assert times(of, ideal("priority", of, aging=2))["low"].response < 15


def test_feedback_sinks_to_longer_quanta() -> None:
    of = jobs(("A", 0, 8), ("B", 0, 8))
    assert chart("mlfq", of) == "A 0-1, B 1-2, A 2-4, B 4-6, A 6-10, B 10-14, A 14-15, B 15-16"


def test_idle_time_is_nobody_s() -> None:
    of = jobs(("A", 2, 2, 1, 1, 3), ("B", 20, 1))
    assert chart("fcfs", of) == "A 2-3, A 6-7, B 20-21"
    assert times(of, ideal("fcfs", of))["A"] == (5, 0, 0, 7)


# --- the program decides the same, without the books' rules ---

rows = st.tuples(
    st.integers(0, 8), st.integers(1, 7), st.integers(1, 4), st.integers(0, 2), st.integers(0, 4)
)


def decided(policy: str, of: list[Job], quantum: int, aging: int) -> dict[str, tuple[int, int]]:
    """End and response of each job as the program counts them, its processes left out."""
    scenario = load()["schedulers"]
    values = {"policy": policy, "quantum": quantum, "aging": aging}
    program = scenario.render(scenario.validate(values))
    names: dict[str, Any] = {"__name__": "not main"}
    exec(compile(program, "program.py", "exec"), names)
    process = SimpleNamespace(pid=1, join=lambda: None)
    device = SimpleNamespace(recv=lambda: None)

    def become_ready(job: Any) -> None:
        job.process, job.device = process, device

    def use_unit(job: Any, left: int) -> int:
        assert left == job.units_left() > 0
        job.used, job.turn = job.used + 1, job.turn + 1
        return 1

    names["Job"].become_ready, names["Job"].use_unit = become_ready, use_unit
    names["os"] = SimpleNamespace(kill=lambda *_: None)
    names["time"] = SimpleNamespace(sleep=lambda _: None)
    made = [names["Job"](*job.model_dump().values()) for job in of]
    names["schedule"](list(made))
    return {job.name: (job.end, job.first - job.arrival) for job in made}


@settings(deadline=None)
@given(
    st.sampled_from(["fcfs", "sjf", "srtf", "rr", "priority", "mlfq"]),
    st.lists(rows, min_size=1, max_size=6),
    st.integers(1, 3),
    st.integers(0, 3),
)
def test_program_decides_as_the_textbook(
    policy: str, table: list[tuple[int, ...]], quantum: int, aging: int
) -> None:
    of = jobs(*((chr(ord("A") + n), *row) for n, row in enumerate(table)))
    found = times(of, ideal(policy, of, quantum, aging))
    assert decided(policy, of, quantum, aging) == {
        name: (row.end, row.response) for name, row in found.items()
    }
