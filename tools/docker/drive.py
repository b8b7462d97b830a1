"""Drives a served Timeslice over HTTP: ``wait URL``, ``run URL DOCTOR``, ``replay URL ID``.

Standard library only: it runs on the machine that tests the image, outside of it.
"""

from __future__ import annotations

import json
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCENARIO = "daemon-process"
PATIENCE_S = 60.0


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def get_json(url: str) -> Any:
    return json.loads(get(url))


def wait(url: str) -> None:
    """Until /healthz answers; then the page with its style sheet."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            get(f"{url}/healthz")
            break
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(f"{url}/healthz does not answer: {error}")
            time.sleep(0.2)
    page = get(f"{url}/").decode()
    sheets = re.findall(r'<link[^>]+href="([^"]+\.css[^"]*)"', page)
    assert sheets, "the page links no style sheet"
    for sheet in sheets:
        assert get(sheet if sheet.startswith("http") else url + sheet), f"{sheet} is empty"


def run(url: str, doctor: str) -> None:
    """Start a run, wait for its end, check its timeline.

    ``doctor`` is a file with what ``doctor --json`` said there: the run's witness must be the best
    of those that it says work.
    """
    order = json.dumps({"scenario": SCENARIO, "params": {}}).encode()
    request = urllib.request.Request(
        f"{url}/api/runs", order, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201, answer.status
        run_id = json.load(answer)["id"]
    deadline = time.monotonic() + PATIENCE_S
    while (state := get_json(f"{url}/api/runs/{run_id}")["state"]) in ("waiting", "running"):
        if time.monotonic() > deadline:
            sys.exit(f"run {run_id} is still {state} after {PATIENCE_S:g} s")
        time.sleep(0.2)
    assert state == "ended", f"the run is {state}"
    timeline = get_json(f"{url}/api/runs/{run_id}/timeline")
    check(timeline)
    told = json.loads(Path(doctor).read_text())["witnesses"]
    best = next(item["name"] for item in told if item["ok"])
    assert timeline["run"]["witnesses"]["scheduler"] == best, f"the doctor says {best} works"
    print(f"run {run_id}")


def check(timeline: dict[str, Any]) -> None:
    """The picture is whole: each track covered without overlap, a witness named, claims hold."""
    witnesses = timeline["run"]["witnesses"]
    print(f"witness {witnesses['scheduler']}, probe {witnesses['probe']}: {witnesses.get('why')}")
    assert witnesses["scheduler"] in ("perf", "procfs", "tracepoints"), witnesses
    assert witnesses["probe"] is True, witnesses
    slices: dict[int, list[dict[str, Any]]] = {}
    for row in timeline["slices"]:
        slices.setdefault(row["track"], []).append(row)
    for track in timeline["tracks"]:
        at = track["start_ns"]
        for row in sorted(slices.get(track["id"], []), key=lambda row: row["start_ns"]):
            assert row["start_ns"] == at, f"{track['name']} has a gap or overlap at {at} ns"
            at = row["end_ns"]
        assert at == track["end_ns"], f"{track['name']} is covered up to {at} of {track['end_ns']}"
    processes = [track for track in timeline["tracks"] if track["kind"] == "process"]
    assert len(processes) >= 3, f"only {[track['name'] for track in processes]}"
    claims = {claim["id"]: claim["verdict"] for claim in timeline["claims"]}
    print(f"{len(timeline['tracks'])} tracks, {len(timeline['slices'])} slices, claims {claims}")
    assert claims and "fails" not in claims.values(), claims


def replay(url: str, run_id: str) -> None:
    """A run of an earlier server is still there, whole."""
    assert get_json(f"{url}/api/runs/{run_id}")["state"] == "ended"
    check(get_json(f"{url}/api/runs/{run_id}/timeline"))


def main(arguments: list[str]) -> int:
    actions: dict[str, Callable[..., None]] = {"wait": wait, "run": run, "replay": replay}
    if not arguments or arguments[0] not in actions:
        print(f"say one of {', '.join(actions)}", file=sys.stderr)
        return 2
    try:
        actions[arguments[0]](*arguments[1:])
    except urllib.error.HTTPError as error:
        print(f"{error.url}: {error.code}\n{error.read().decode()}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
