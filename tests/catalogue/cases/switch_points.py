from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("switch-points")

TABLE = r"signals of \d+ +bytecode of {}\(\)\n(.*\n)*30*00 steps were made, "
cases.alone(TABLE.format("call"), times=1000)
cases.alone(TABLE.format("plain"), step="plain", signals=200, times=1000)
cases.variant("between", step="plain")
cases.variant("between", step="split")

OLD = "CPython 3.9.18"
FREE = "CPython 3.13.5 free-threading"
PLAIN = ((40, "RESUME "), (0, "LOAD_GLOBAL counter"), (0, "BINARY_OP +="))
CALL = ((40, "RESUME "), (0, "LOAD_GLOBAL counter"), (700, "CALL "), (0, "BINARY_OP +="))
ANYWHERE = ((90, "LOAD_GLOBAL counter"), (0, "LOAD_CONST 1"), (120, "INPLACE_ADD "))
NOWHERE = ((0, "LOAD_GLOBAL counter"), (0, "INPLACE_ADD "))


def printed(b: Build, rows: tuple[tuple[int, str], ...], lost: int = 0) -> None:
    main = b.process("program.py", 0, 200)
    b.thread("adder-1", 100, 190, parent=main)
    for at, (signals, text) in enumerate([*rows, (0, "STORE_GLOBAL counter")], 10):
        b.say(main, at, f"{signals:15}  {text}")
    b.say(main, 199, f"30000 steps were made, {lost} were lost")


@cases.holds("between", step="plain")
@cases.fails("between", step="call")
@cases.fails("between", step="plain", python=OLD)
@cases.holds("where")
@cases.fails("where", python=OLD)
@cases.holds("lost")
def only_at_its_beginning(b: Build) -> None:
    printed(b, PLAIN)


@cases.fails("between", step="plain")
@cases.holds("between", step="call")
@cases.not_seen("between", step="call", python=FREE)
@cases.not_seen("between", step="call", python="PyPy 3.9")
@cases.holds("where")
@cases.holds("lost")
def at_the_call(b: Build) -> None:
    printed(b, CALL, lost=300)


@cases.holds("between", step="plain", python=OLD)
@cases.holds("where", python=OLD)
@cases.fails("where")
@cases.not_seen("lost", python=OLD)
def nearly_anywhere(b: Build) -> None:
    printed(b, ANYWHERE)


@cases.not_seen("where")
@cases.holds("between", step="plain", python="CPython 3.10.13")
@cases.fails("lost")
def lost_though_there_is_no_point(b: Build) -> None:
    printed(b, NOWHERE, lost=5)


@cases.not_seen("between")
@cases.not_seen("lost")
def nothing_printed(b: Build) -> None:
    b.process("program.py", 0, 20)
