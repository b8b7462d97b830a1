"""The parameters, and what the kernel makes of a policy and a nice value."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationInfo, field_validator

from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.tables import Refused
from app.locale.text import Text

#: The kernel's words for the policies, as in SCHED_BATCH (sched(7)).
KINDS = {"nice": "OTHER", "batch": "BATCH", "idle": "IDLE", "fifo": "FIFO", "rr": "RR"}
REAL_TIME = ("fifo", "rr")
#: Two real-time processes have the CPU to themselves for so long each: no more.
MOST_REAL_TIME_MS = 700


def weight(kind: str, nice: int) -> float:
    """What shares are in proportion to: 1.25 to a nice step, 3 for SCHED_IDLE
    (``sched_prio_to_weight`` and ``WEIGHT_IDLEPRIO`` in the kernel's kernel/sched)."""
    return 3 if kind == "IDLE" else 1024 / 1.25**nice


class Settings(Parameters):
    policy: Literal["nice", "batch", "idle", "fifo", "rr"] = choice(
        "nice",
        Text(en="The two others are", zh="另外两个进程"),
        {
            "nice": Text(en="nice: ordinary, with a nice value", zh="nice：普通进程，带 nice 值"),
            "batch": Text(en="batch (SCHED_BATCH)", zh="批处理（SCHED_BATCH）"),
            "idle": Text(en="idle (SCHED_IDLE)", zh="空闲（SCHED_IDLE）"),
            "fifo": Text(
                en="real time, first come (SCHED_FIFO)", zh="实时，先到先得（SCHED_FIFO）"
            ),
            "rr": Text(en="real time, in turns (SCHED_RR)", zh="实时，轮流（SCHED_RR）"),
        },
        help=Text(
            en="Real time is granted to few; refused, they stay ordinary.",
            zh="实时策略通常不被允许；遭到拒绝时仍是普通进程。",
        ),
    )
    nice: int = integer(
        5,
        Text(en="Nice value", zh="nice 值"),
        minimum=1,
        maximum=19,
        help=Text(
            en="For nice: how many steps the two others yield to the ordinary ones.",
            zh="仅用于 nice：另外两个进程比普通进程谦让多少级。",
        ),
    )
    cpu_ms: int = integer(
        300,
        Text(en="CPU time of each", zh="各自的 CPU 时间"),
        minimum=100,
        maximum=3000,
        unit="ms",
        help=Text(
            en=f"That each computes at first; in real time at most {MOST_REAL_TIME_MS} ms.",
            zh=f"开始时各自计算多久；实时策略最多 {MOST_REAL_TIME_MS} ms。",
        ),
    )
    wakes: int = integer(
        25,
        Text(en="Wake-ups", zh="唤醒次数"),
        minimum=10,
        maximum=60,
        help=Text(
            en="How often each of the three sleepers wakes up.", zh="三个睡眠进程各醒来多少次。"
        ),
    )

    @field_validator("cpu_ms")
    @classmethod
    def _bound_real_time(cls, value: int, info: ValidationInfo) -> int:
        if info.data.get("policy") in REAL_TIME and value > MOST_REAL_TIME_MS:
            raise Refused(
                en=f"In real time they may compute for {MOST_REAL_TIME_MS} ms at most, not {value} "
                "ms: nobody else has the CPU meanwhile.",
                zh=f"实时策略下最多计算 {MOST_REAL_TIME_MS} ms，而不是 {value} ms："
                "这段时间别人都得不到这个 CPU。",
            )
        return value

    @property
    def real_time(self) -> bool:
        return self.policy in REAL_TIME

    @property
    def kind(self) -> str:
        """The policy of the two others."""
        return KINDS[self.policy]
