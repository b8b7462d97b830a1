"""The worker: runs one program, sends encoded frames, and leaves nothing behind.

Standard input: the spec (app/worker/spec.py) as one line of JSON, then lines ``stop``; its end
means that the server is gone: the run is killed and nothing more is sent. Standard output:
encoded frames only. Standard error: a traceback when the worker itself failed.
"""

from __future__ import annotations

import select
import signal
import sys
import time
import traceback
from typing import Any

from pydantic import ValidationError

from app.errors import Sentence, TimesliceError, told
from app.timeline.frames import Frame, encode
from app.witness.witness import Refused
from app.worker import prctl, priority
from app.worker.guard import forget_inherited_descriptors
from app.worker.lifeline import Lifeline
from app.worker.pipes import Commands, FrameSink
from app.worker.run import Run
from app.worker.spec import RunSpec

#: How long the reader may take over the last frames.
LAST_WORDS_S = 60.0


def main(lifeline: Lifeline) -> int:
    """0 when the run was sent to its end, 1 when the worker failed or has no reader."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the server's
    priority.own_session()
    forget_inherited_descriptors()
    prctl.become_subreaper()
    commands, sink = Commands(sys.stdin.fileno()), FrameSink(sys.stdout.fileno())
    signal.signal(signal.SIGTERM, lambda number, frame: setattr(commands, "stop", True))
    line = commands.first_line()
    if line is None:
        return 1
    try:
        spec = RunSpec.model_validate_json(line)
    except ValidationError as error:
        sink.send(_failed(0, 0, _sentence(error)))
        return _flush(commands, sink, 1)
    lifeline.run_id = spec.run_id
    return _run(spec, commands, sink)


def _run(spec: RunSpec, commands: Commands, sink: FrameSink) -> int:
    run = Run(spec, commands, sink)
    code = 0
    try:
        run.go()
    except (TimesliceError, Refused) as error:
        code = 1
        sink.send(_failed(run.framer.seq, run.framer.now_ns, error.sentence, spec))
    except Exception as error:  # noqa: BLE001 - reported with its traceback, in both places
        code = 1
        traceback.print_exc()
        why = Sentence("The worker failed: {why}", why=f"{type(error).__name__}: {error}")
        sink.send(_failed(run.framer.seq, run.framer.now_ns, why, spec))
    finally:
        run.close()
    return _flush(commands, sink, code)


def _flush(commands: Commands, sink: FrameSink, code: int) -> int:
    """Waits until the reader has taken everything, or is gone."""
    deadline = time.monotonic() + LAST_WORDS_S
    while sink.pending and not sink.broken and not commands.gone:
        if time.monotonic() > deadline:
            return 1
        poll = select.poll()
        poll.register(sink.fd, select.POLLOUT)
        poll.register(commands.fd, select.POLLIN)
        poll.poll(250)
        commands.poll()
        sink.flush()
    return 1 if sink.pending else code


def _failed(seq: int, now_ns: int, why: Sentence, spec: RunSpec | None = None) -> bytes:
    head: dict[str, Any] = {"state": "ended", "failure": why, "failure_told": told([why])}
    if seq == 0 and spec is not None:
        head["run"] = {
            "id": spec.run_id,
            "scenario": spec.scenario,
            "params": spec.params,
            "python": spec.python,
        }
    return encode(Frame(seq, now_ns, head))


def _sentence(error: ValidationError) -> Sentence:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "the specification"
    return Sentence("The run can't be started: {where}: {why}.", where=where, why=first["msg"])
