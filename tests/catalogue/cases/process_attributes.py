from __future__ import annotations

from app.timeline.model import Ending
from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("process-attributes")

cases.alone("(?s)quick is alive: .*plain is alive: False, exit code: -15.*stubborn is alive: False")
cases.alone("stubborn is alive: True, exit code: None", busy_ms=0, clear_up_ms=0, patience=0.2)
cases.variant("timeout", clear_up_ms=3000, patience=0.3)
cases.variant("terminate", busy_ms=0)
cases.variant("reap", method="forkserver", busy_ms=500)
cases.variant("reap", method="spawn", busy_ms=800)


def main_process(b: Build) -> int:
    main = b.process("program.py", 0, 900)
    b.rows(main, "running 0 900")
    return main


def ended(b: Build, main: int, name: str, over: float, died: float, end: Ending) -> int:
    """A child; terminate() of it was over at ``over``."""
    child = b.process(name, 100, died, parent=main)
    b.timeline.tracks[child].end = end
    b.say(main, over, f"main: terminate() of {name} is over")
    return child


SIGTERM = Ending(Cause.SIGNAL, signal="SIGTERM")
SIGKILL = Ending(Cause.SIGNAL, signal="SIGKILL")
EXIT_3 = Ending(Cause.EXIT, 3)


def three(b: Build, *died: float, tidy: Ending = EXIT_3) -> int:
    main = main_process(b)
    ended(b, main, "plain", 200, died[0], SIGTERM)
    ended(b, main, "tidy", 300, died[1], tidy)
    ended(b, main, "stubborn", 500, died[2], SIGKILL)
    return main


@cases.holds("terminate")
def outlived(b: Build) -> None:
    three(b, 199, 400, 600)


@cases.fails("terminate")
def dead_at_once(b: Build) -> None:
    three(b, 199, 299, 499)


@cases.not_seen("terminate")
@cases.not_seen("codes")
@cases.not_seen("alive")
@cases.not_seen("reap")
@cases.not_seen("timeout")
def never_ended(b: Build) -> None:
    b.process("quick", 10, 20, parent=main_process(b))


@cases.holds("codes")
@cases.holds("alive")
@cases.holds("timeout")
def as_expected(b: Build) -> None:
    main = three(b, 199, 400, 600)
    b.say(main, 210, "main: plain is alive: False, exit code: -15")
    b.say(main, 410, "main: tidy is alive: False, exit code: 3")
    b.say(main, 550, "main: stubborn is alive: True, exit code: None")
    b.say(main, 610, "main: stubborn is alive: False, exit code: -9")


@cases.fails("codes")
@cases.fails("alive")
@cases.not_seen("alive", scheduler="procfs")
def told_wrong(b: Build) -> None:
    main = three(b, 199, 400, 600)
    b.say(main, 350, "main: tidy is alive: False, exit code: 0")


@cases.fails("alive")
def alive_after_its_end(b: Build) -> None:
    main = three(b, 199, 400, 600)
    b.say(main, 700, "main: here I am")
    b.say(main, 710, "main: tidy is alive: True, exit code: None")


@cases.not_seen("codes")
def end_unknown(b: Build) -> None:
    main = three(b, 199, 400, 600, tidy=Ending(Cause.UNKNOWN))
    b.say(main, 410, "main: tidy is alive: False, exit code: 3")


@cases.fails("timeout")
def waits_to_the_end(b: Build) -> None:
    main = three(b, 199, 400, 600)
    b.say(main, 610, "main: stubborn is alive: False, exit code: -9")


def asked(b: Build, zombie: str, end: float) -> None:
    main = main_process(b)
    quick = b.process("quick", 10, end, parent=main)
    b.rows(quick, zombie)
    b.say(main, 100, "main: asking for quick")
    b.say(main, 110, "main: quick is alive: False, exit code: 0")


@cases.holds("reap")
@cases.not_seen("reap", scheduler="procfs")
def gone_when_asked(b: Build) -> None:
    asked(b, "running 10 50, zombie 50 105", 105)


@cases.fails("reap")
def gone_before(b: Build) -> None:
    asked(b, "running 10 50, zombie 50 60", 60)


@cases.fails("reap")
def stays_a_zombie(b: Build) -> None:
    asked(b, "running 10 50, zombie 50 300", 300)


def asked_of_a_server(b: Build, zombie: str, end: float, server_rows: str) -> None:
    main = main_process(b)
    server = b.process("forkserver", 0, 899, parent=main)
    b.rows(server, server_rows)
    b.rows(b.process("quick", 10, end, parent=server), zombie)
    b.say(main, 100, "main: asking for quick")
    b.say(main, 110, "main: quick is alive: False, exit code: 0")


@cases.holds("reap", method="forkserver")
def gone_by_the_server(b: Build) -> None:
    asked_of_a_server(b, "running 10 50, zombie 50 60", 60, "blocked 0 50, running 50 61")


@cases.holds("reap", method="forkserver")
def gone_by_the_server_at_once(b: Build) -> None:
    asked_of_a_server(b, "running 10 50", 50, "blocked 0 899")


@cases.fails("reap", method="forkserver")
def left_by_the_server(b: Build) -> None:
    asked_of_a_server(b, "running 10 50, zombie 50 105", 105, "blocked 0 50, running 50 61")


@cases.not_seen("reap", method="forkserver")
def server_without_a_cpu(b: Build) -> None:
    asked_of_a_server(b, "running 10 50, zombie 50 105", 105, "blocked 0 50, ready 50 105")


@cases.not_seen("reap")
def still_alive_when_asked(b: Build) -> None:
    asked(b, "running 10 102, zombie 102 105", 105)
