"""A worker that is none: it reads its spec and sends frames as ``params`` say."""

from __future__ import annotations

import json
import sys

from tests.runs.make import frame, last_frame


def main() -> None:
    spec = json.loads(sys.stdin.readline())
    params = spec["params"]
    count = params.get("frames", 3)
    out = sys.stdout.buffer
    for seq in range(count):
        out.write(frame(seq))
    out.flush()
    if params.get("crash"):
        raise SystemExit("the worker of this test gives up")
    if params.get("nonsense"):
        out.write(b"these bytes are certainly no frame, and there are many of them")
        return
    if params.get("hold") and (line := sys.stdin.readline()) != "stop\n":
        sys.stderr.write(f"got {line!r}")
        return
    out.write(last_frame(count))


main()
