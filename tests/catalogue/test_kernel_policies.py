"""The kernel's own policies: what may be asked for, what weights mean, what a prediction is held
against."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from app.catalogue import load
from app.catalogue.claims import NotSeen
from app.errors import InvalidParameters
from app.scenarios.kernel_policies.settings import MOST_REAL_TIME_MS, weight
from app.worker.spec import Limits
from tests.catalogue.build import Build
from tests.catalogue.cases import kernel_policies as cases

SCENARIO = load()["kernel-policies"]


@pytest.mark.parametrize("policy", ["fifo", "rr"])
def test_real_time_is_bounded_before_the_run(policy: str) -> None:
    assert SCENARIO.validate({"policy": policy, "cpu_ms": "700"}).cpu_ms == 700
    with pytest.raises(InvalidParameters) as caught:
        SCENARIO.validate({"policy": policy, "cpu_ms": "701"})
    assert "700 ms at most, not 701" in caught.value.fields["cpu_ms"]
    with pytest.raises(InvalidParameters) as caught:
        SCENARIO.validate({"policy": policy, "cpu_ms": "701"}, "zh")
    assert "最多计算 700 ms" in caught.value.fields["cpu_ms"]


def test_program_bounds_itself_before_the_sandbox_does() -> None:
    """The longest computing in real time stays below the program's limit, and that below ours."""
    found = re.search(r"RLIMIT_RTTIME, \(10\*\*(\d+), ", SCENARIO.program)
    assert found
    assert 1000 * MOST_REAL_TIME_MS < 10 ** int(found[1]) < 1_000_000 * Limits().real_time_s


def test_weights_are_those_of_the_kernel() -> None:
    """``sched_prio_to_weight`` has 1024, 820, 335, 110 and 15 for nice 0, 1, 5, 10 and 19."""
    for nice, table in ((0, 1024), (1, 820), (5, 335), (10, 110), (19, 15)):
        assert weight("OTHER", nice) == weight("BATCH", nice) == pytest.approx(table, rel=0.02)
    assert weight("IDLE", 0) == weight("IDLE", 19) == 3


@pytest.mark.parametrize(
    ("policy", "build", "answer"),
    [
        ("nice", cases.nice_by_weight, "less"),
        ("nice", cases.nice_is_nothing, "as-much"),
        ("batch", cases.batch, "as-much"),
        ("idle", cases.idle, "nothing"),
        ("fifo", cases.fifo, "all"),
    ],
)
def test_prediction_is_held_against_shares(
    policy: str, build: Callable[[Build], None], answer: str
) -> None:
    made = Build()
    build(made)
    (question,) = SCENARIO.questions
    settings = SCENARIO.validate({"policy": policy})
    assert question.answer(made.timeline, settings) == answer


def test_prediction_has_no_answer_where_the_policy_was_refused() -> None:
    made = Build()
    cases.refused(made)
    (question,) = SCENARIO.questions
    with pytest.raises(NotSeen) as caught:
        question.answer(made.timeline, SCENARIO.validate({"policy": "fifo"}))
    assert "ulimit -r 1" in caught.value.why.en and "CAP_SYS_NICE" in caught.value.why.of("zh")


def test_only_cpu_is_told_as_the_reason() -> None:
    made = Build()
    cases.only_one_cpu(made)
    (share, *_) = SCENARIO.check(made.timeline, SCENARIO.validate({"policy": "rr"}))
    assert "one CPU only" in share["why"]["en"]
