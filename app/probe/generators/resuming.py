"""How a generator is resumed: by hand, by a generator that delegates to it, or to use it up.

This is read from the instruction at which the resuming frame stands.
"""

from __future__ import annotations

import sys

from ..recording import faults
from ..recording.objects import by_standard_library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# How a generator is resumed.
#: USES: by a ``for``, ``list()``, ``sum()`` or the standard library, which use it up; so it is a
#: calculation. DRIVES: by hand. DELEGATES: by a generator that delegates to it.
USES, DRIVES, DELEGATES = 0, 1, 2
#: The functions and methods by which a generator is resumed by hand.
BY_HAND = frozenset({"next", "send", "throw", "__next__"})
_DELEGATING = frozenset({"SEND", "YIELD_FROM"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_BUILT_IN = (type(len), type("".__str__))

#: ``key`` of a frame → one of the three above.
_kinds: dict[int, int] = {}
_kept: dict[int, Any] = {}  # those code objects, so that no other gets the same id()


def key(frame: Any) -> int:
    """Return where a frame stands: the id() of its code object and the instruction in it."""
    code: object = frame.f_code
    at: int = frame.f_lasti
    return id(code) << 24 | at


def how(frame: Any) -> int:
    """Return how ``frame`` resumes a generator: USES, DRIVES or DELEGATES. None: no code does."""
    if frame is None:
        return USES
    place = key(frame)
    kind = _kinds.get(place)
    if kind is None:
        try:
            kind = USES if by_standard_library(frame) else _learn(frame)
        except Exception:
            faults.note("how a generator is resumed")
            kind = USES
        _kept[id(frame.f_code)] = frame.f_code
        _kinds[place] = kind
    return kind


def _learn(frame: Any) -> int:
    import dis  # late: in most programs with generators nothing drives them by hand

    # On CPython 3.12 a frame may stand at the inline cache behind its instruction.
    before = [each for each in dis.get_instructions(frame.f_code) if each.offset <= frame.f_lasti]
    if not before:
        return USES
    if before[-1].opname in _DELEGATING:
        return DELEGATES
    if not before[-1].opname.startswith("CALL"):
        return USES
    called = _called(before, dis)
    if called is None:
        return USES
    name = called.argval
    if name in BY_HAND and called.opname.startswith(("LOAD_ATTR", "LOAD_METHOD")):
        return DRIVES
    if not isinstance(name, str) or called.opname in _ATTRIBUTES:
        return USES
    if called.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
        value = frame.f_globals.get(name, getattr(sys.modules["builtins"], name, None))
        return int(isinstance(value, _BUILT_IN) and value.__name__ in BY_HAND)
    return _is_alias(name, before)


def _is_alias(name: str, instructions: list[Any]) -> int:
    """DRIVES if the function has stored such a method under this name: ``resume = generator.send``.

    Its instructions are read and not its variables: before CPython 3.13, reading the variables
    would keep their values alive.
    """
    given = ""
    for each in instructions:
        if each.opname.startswith("STORE") and each.argval == name and given in BY_HAND:
            return DRIVES
        given = each.argval if isinstance(each.argval, str) else ""
    return USES


def _called(instructions: list[Any], dis: Any) -> Any:
    """Return the instruction that loads the function or method which the last one calls."""
    begin, jumps = _beginning(instructions, dis)
    if jumps or begin < 0:
        # An argument has branches, of which one was executed: take the nearest name that fits.
        for each in reversed(instructions[-64:]):
            if each.argval in BY_HAND:
                return each
        return None
    own = 1 if instructions[-1].opname.startswith("CALL_FUNCTION") and _OLD else 2
    called, first, depth = None, None, 0
    for each in instructions[begin:-1]:
        if each.opname == "PRECALL":
            break
        depth += _effect(each, dis)
        # On the stack, every argument lies above the function and the object that it is bound to.
        if depth == own and each.opname != "KW_NAMES" and each.opname != "PUSH_NULL":
            called = each
        elif depth == 1:
            first = each
    return called or first


def _beginning(instructions: list[Any], dis: Any) -> tuple[int, bool]:
    """Return where the expression begins that the last instruction ends, and if it has branches."""
    total = 0
    for index in range(len(instructions) - 1, -1, -1):
        each = instructions[index]
        if each.opcode in dis.hasjrel or each.opcode in dis.hasjabs:
            return index, True
        total += _effect(each, dis)
        if total == 1:
            return index, False
    return -1, False


def _effect(instruction: Any, dis: Any) -> int:
    argument = None if instruction.opcode < dis.HAVE_ARGUMENT else instruction.arg
    effect: int = dis.stack_effect(instruction.opcode, argument)
    return effect


#: Before CPython 3.11 a call of a function had no stack entry for a bound object.
_OLD = sys.version_info < (3, 11)
