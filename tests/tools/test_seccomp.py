"""The mended profile allows one call to one capability, and nothing else to anybody."""

from __future__ import annotations

from typing import Any

from tools.docker.seccomp import allowing

REFUSING = {
    "names": ["bpf", "perf_event_open", "setns"],
    "action": "SCMP_ACT_ERRNO",
    "includes": {},
    "excludes": {"caps": ["CAP_SYS_ADMIN"]},
}
ALLOWING = {
    "names": ["bpf", "perf_event_open", "setns"],
    "action": "SCMP_ACT_ALLOW",
    "includes": {"caps": ["CAP_SYS_ADMIN"]},
    "excludes": {},
}
PLAIN = {"names": ["read"], "action": "SCMP_ACT_ALLOW"}
OLD: dict[str, Any] = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [PLAIN, ALLOWING, REFUSING]}


def action(profile: dict[str, Any], call: str, *caps: str) -> str:
    """What the rules that apply to ``caps`` say: a refusal counts before an allowance."""
    found = [
        rule["action"]
        for rule in profile["syscalls"]
        if call in rule["names"]
        and set((rule.get("includes") or {}).get("caps", ())) <= set(caps)
        and not set((rule.get("excludes") or {}).get("caps", ())) & set(caps)
    ]
    refused = [word for word in found if word != "SCMP_ACT_ALLOW"]
    return str(refused[0] if refused else (found or [profile["defaultAction"]])[0])


def test_allowing_gives_the_call_to_the_capability_alone() -> None:
    assert action(OLD, "perf_event_open", "CAP_PERFMON") == "SCMP_ACT_ERRNO"
    mended = allowing(OLD)
    assert action(mended, "perf_event_open", "CAP_PERFMON") == "SCMP_ACT_ALLOW"
    assert action(mended, "perf_event_open") == "SCMP_ACT_ERRNO"


def test_allowing_changes_no_other_call() -> None:
    mended = allowing(OLD)
    for call in ("read", "bpf", "setns", "mount"):
        for caps in ((), ("CAP_PERFMON",), ("CAP_SYS_ADMIN",)):
            assert action(mended, call, *caps) == action(OLD, call, *caps)
    assert action(mended, "perf_event_open", "CAP_SYS_ADMIN") == "SCMP_ACT_ALLOW"


def test_allowing_leaves_a_profile_that_knows_the_capability() -> None:
    mended = allowing(OLD)
    assert allowing(mended) == mended
