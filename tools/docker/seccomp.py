"""Lets CAP_PERFMON open perf events in an engine's seccomp profile: profile in, profile out.

Profiles of container engines from before 2022 or so allow perf_event_open with CAP_SYS_ADMIN
alone. ``python3 tools/docker/seccomp.py < PROFILE > seccomp.json``, then start the container with
``--cap-add PERFMON --security-opt seccomp=seccomp.json``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

CALL = "perf_event_open"
CAPABILITY = "CAP_PERFMON"


def allowing(profile: dict[str, Any]) -> dict[str, Any]:
    """``profile`` with the call allowed to those with the capability, refused to others as before.

    A profile that knows the capability already comes back as it is.
    """
    rules: list[dict[str, Any]] = profile["syscalls"]
    if any(CALL in rule["names"] and CAPABILITY in _caps(rule, "includes") for rule in rules):
        return profile
    changed = []
    for rule in rules:
        refuses = rule["action"] != "SCMP_ACT_ALLOW" and CALL in rule["names"]
        if refuses and _caps(rule, "excludes"):
            # It must not refuse the call any more to those whom the new rule allows it.
            others = [name for name in rule["names"] if name != CALL]
            excludes = {**rule["excludes"], "caps": [*_caps(rule, "excludes"), CAPABILITY]}
            changed += [{**rule, "names": others}, {**rule, "names": [CALL], "excludes": excludes}]
        else:
            changed.append(rule)
    allow = {
        "names": [CALL],
        "action": "SCMP_ACT_ALLOW",
        "args": [],
        "comment": "",
        "includes": {"caps": [CAPABILITY]},
        "excludes": {},
    }
    return {**profile, "syscalls": [*changed, allow]}


def _caps(rule: dict[str, Any], which: str) -> list[str]:
    return list((rule.get(which) or {}).get("caps") or [])


if __name__ == "__main__":
    json.dump(allowing(json.load(sys.stdin)), sys.stdout, indent=1)
