"""The parameters of the scheduler, and the textbook's answer to them."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from app.catalogue.parameters import Parameters, choice, integer
from app.locale.text import Text
from app.scenarios.schedulers.ideal import Times, Turn, ideal, times
from app.scenarios.schedulers.jobs import Job, check_jobs, jobs_table


class Settings(Parameters):
    policy: Literal["fcfs", "sjf", "srtf", "rr", "priority", "mlfq"] = choice(
        "rr",
        Text(en="Policy", zh="调度算法"),
        {
            "fcfs": Text(en="First come, first served", zh="先来先服务（FCFS）"),
            "sjf": Text(en="Shortest job first", zh="最短作业优先（SJF）"),
            "srtf": Text(en="Shortest remaining time first", zh="最短剩余时间优先（SRTF）"),
            "rr": Text(en="Round robin", zh="时间片轮转（RR）"),
            "priority": Text(en="Priority, preemptive", zh="优先级（抢占式）"),
            "mlfq": Text(en="Multilevel feedback queue", zh="多级反馈队列（MLFQ）"),
        },
    )
    jobs: tuple[Job, ...] = jobs_table(
        [
            Job(name="A", burst=3, priority=2),
            Job(name="B", arrival=2, burst=6, priority=3),
            Job(name="C", arrival=4, burst=4, priority=1),
            Job(name="D", arrival=6, burst=5, priority=3),
            Job(name="E", arrival=8, burst=2, priority=2),
        ]
    )
    quantum: int = integer(
        1,
        Text(en="Quantum", zh="时间片"),
        minimum=1,
        maximum=10,
        help=Text(
            en="Units of a turn in round robin, and in the first of three feedback queues; the "
            "others have two and four times as many.",
            zh="时间片轮转每轮的单位数，也是多级反馈队列第一级的时间片；后两级依次为其两倍和四倍。",
        ),
    )
    aging: int = integer(
        0,
        Text(en="Aging", zh="老化"),
        minimum=0,
        maximum=20,
        help=Text(
            en="For priority: waiting for so many units raises a job by one; 0 for no aging.",
            zh="仅用于优先级：每等待这么多个单位，优先级提高一级；0 表示不老化。",
        ),
    )
    unit_ms: int = integer(
        40,
        Text(en="Unit of time", zh="单位时间"),
        minimum=20,
        maximum=100,
        unit="ms",
        help=Text(en="CPU time that a unit stands for.", zh="一个单位代表多少 CPU 时间。"),
    )
    _check_jobs = field_validator("jobs")(check_jobs)

    @property
    def unit_ns(self) -> int:
        return self.unit_ms * 1_000_000

    def chart(self, policy: str = "", aging: int | None = None) -> list[Turn]:
        """The textbook's chart for these jobs, under this policy or another one."""
        aging = self.aging if aging is None else aging
        return ideal(policy or self.policy, self.jobs, self.quantum, aging)

    def textbook(self, policy: str = "") -> dict[str, Times]:
        """What that chart means for each job."""
        return times(self.jobs, self.chart(policy))
