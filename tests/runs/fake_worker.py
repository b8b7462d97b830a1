"""A worker that is none: it reads its spec and sends frames as ``params`` say."""

from __future__ import annotations

import json
import sys

from tests.runs.make import frame, last_frame

#: How a server starts it. A scenario whose ``method`` is spawn waits to be stopped.
COMMAND = (sys.executable, "-m", "tests.runs.fake_worker")


def main() -> None:
    spec = json.loads(sys.stdin.readline())
    params = spec["params"]
    count = params.get("frames", params.get("count", 3))
    out = sys.stdout.buffer
    for seq in range(count):
        out.write(frame(seq))
    out.flush()
    if params.get("crash"):
        raise SystemExit("the worker of this test gives up")
    if params.get("nonsense"):
        out.write(b"these bytes are certainly no frame, and there are many of them")
        return
    hold = params.get("hold") or params.get("method") == "spawn"
    if hold and (line := sys.stdin.readline()) != "stop\n":
        sys.stderr.write(f"got {line!r}")
        return
    out.write(last_frame(count, limit="stopped" if hold else ""))


if __name__ == "__main__":
    main()
