"""Commands in, frames out, output: nothing blocks, nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from app.timeline.records import OutputChunk
from app.worker.pipes import Commands, FrameSink, ProgramOutput


class Pipe:
    def __init__(self) -> None:
        self.read, self.write = os.pipe()

    def close(self) -> None:
        for fd in (self.read, self.write):
            with suppress(OSError):
                os.close(fd)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_commands_first_line_then_stop(pipe: Pipe) -> None:
    commands = Commands(pipe.read)
    os.write(pipe.write, b'{"a": 1}\nnoise\nst')
    assert commands.first_line() == b'{"a": 1}'
    commands.poll()
    assert not commands.stop and not commands.gone
    os.write(pipe.write, b"op\n")
    commands.poll()
    assert commands.stop and not commands.gone
    os.close(pipe.write)
    commands.poll()
    assert commands.gone


def test_commands_input_that_ends_at_once_has_no_first_line(pipe: Pipe) -> None:
    os.write(pipe.write, b"half a line")
    os.close(pipe.write)
    commands = Commands(pipe.read)
    assert commands.first_line() is None
    assert commands.gone


def test_sink_keeps_what_a_slow_reader_has_not_taken(pipe: Pipe) -> None:
    sink = FrameSink(pipe.write)
    data = os.urandom(5 << 20)
    sink.send(data)
    assert sink.pending
    sink.send(b"the next")
    got = b""
    while sink.pending:
        got += os.read(pipe.read, 1 << 16)
        sink.flush()
    os.close(pipe.write)
    while chunk := os.read(pipe.read, 1 << 20):
        got += chunk
    assert got == data + b"the next"
    assert not sink.broken


def test_sink_without_a_reader_is_broken_not_an_error(pipe: Pipe) -> None:
    sink = FrameSink(pipe.write)
    os.close(pipe.read)
    sink.send(b"frame")
    assert sink.broken


def test_output_is_cut_at_the_limit_and_counted_beyond() -> None:
    output = ProgramOutput(10)
    out, err = output.pipe("stdout"), output.pipe("stderr")
    os.write(out, b"123456")
    (first,) = output.poll()
    assert isinstance(first, OutputChunk)
    assert (first.stream, first.data) == ("stdout", b"123456")
    assert not output.over
    os.write(err, b"abcdefgh")
    (second,) = output.poll()
    assert isinstance(second, OutputChunk)
    assert (second.stream, second.data) == ("stderr", b"abcd")
    assert output.over
    os.write(out, b"more")
    assert output.poll() == []
    output.close()
    os.close(out)
    os.close(err)


def test_output_drain_ends_though_a_survivor_holds_the_pipe() -> None:
    output = ProgramOutput(1 << 20)
    out = output.pipe("stdout")
    os.write(out, b"x" * 50_000)
    records = output.drain()
    assert sum(len(r.data) for r in records if isinstance(r, OutputChunk)) == 50_000
    output.close()
    os.close(out)
