"""The names a program gives to its objects: ``fork_b`` for ``fork_b = threading.Lock()``.

The probe records the line on which an object was made. The program's syntax tree shows to which
name that line assigns it. An object that is assigned to no name has none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from app.timeline.states import ObjectKind

_CALLS: dict[ObjectKind, frozenset[str]] = {
    ObjectKind.LOCK: frozenset({"Lock", "StrictFIFOLock", "allocate_lock"}),
    ObjectKind.RLOCK: frozenset({"RLock"}),
    ObjectKind.CONDITION: frozenset({"Condition"}),
    ObjectKind.SEMAPHORE: frozenset({"Semaphore", "BoundedSemaphore", "CapacityLimiter"}),
    ObjectKind.EVENT: frozenset({"Event"}),
    ObjectKind.BARRIER: frozenset({"Barrier"}),
    ObjectKind.QUEUE: frozenset(
        {"Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "JoinableQueue"}
    ),
    ObjectKind.PIPE: frozenset({"Pipe", "socketpair", "pipe"}),
    ObjectKind.SOCKET: frozenset({"socket", "socketpair", "create_server", "create_connection"}),
    ObjectKind.FILE: frozenset({"open", "fdopen"}),
    ObjectKind.THREAD: frozenset({"Thread", "Timer"}),
    ObjectKind.PROCESS: frozenset({"Process", "Popen"}),
    ObjectKind.FUTURE: frozenset({"Future", "submit", "create_future"}),
    ObjectKind.TASK: frozenset({"create_task", "ensure_future", "Task"}),
    ObjectKind.POOL: frozenset({"Pool", "ThreadPool", "ThreadPoolExecutor", "ProcessPoolExecutor"}),
}
#: These make one object, with a name for each of its ends.
_ONE_WITH_TWO_ENDS = frozenset({"open_memory_channel"})
#: These return one object, and then something about it: accept() a socket and an address.
_ONE_AND_MORE = frozenset({"accept"})
_FACTORIES = frozenset().union(*_CALLS.values())
_ADDS = frozenset({"append", "add", "appendleft", "put", "insert"})


@dataclass(frozen=True, slots=True)
class _Made:
    """A call that makes an object, and its name. ``many``: a name for each result of the call."""

    line: int
    end_line: int
    column: int
    function: str
    name: str
    numbered: bool  # the n-th object is name[n]
    many: tuple[str, ...] = ()


class ProgramNames:
    """Names by the line of creation. A text that isn't Python has none."""

    def __init__(self, program: str) -> None:
        self._made: list[_Made] = []
        self._aliases: dict[str, str] = {}
        self._found: dict[tuple[int, ObjectKind], list[_Made]] = {}
        try:
            tree = ast.parse(program)
        except (SyntaxError, ValueError):
            return  # it may run under another interpreter all the same, without names
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                self._aliases.update((name.asname or name.name, name.name) for name in node.names)
        self._visit(tree, "")
        self._made.sort(key=lambda made: (made.line, made.column))

    def name(self, line: int, kind: ObjectKind, index: int) -> str:
        """The name of the ``index``-th object of ``kind`` made on ``line``, or ""."""
        found = self._found.get((line, kind))
        if found is None:
            found = self._found[line, kind] = self._calls_at(line, kind)
        if not found:
            return ""
        if len(found) == 1 and found[0].many:
            if found[0].function in _ONE_WITH_TWO_ENDS:
                return " → ".join(found[0].many)
            return found[0].many[index % len(found[0].many)]
        if any(made.numbered for made in found):
            numbered = next(made for made in found if made.numbered)
            return f"{numbered.name}[{index}]" if len(found) == 1 else ""
        return found[index % len(found)].name

    def _calls_at(self, line: int, kind: ObjectKind) -> list[_Made]:
        """The calls on ``line`` that make an object of ``kind``; none if that is not clear."""
        here = [made for made in self._made if made.line <= line <= made.end_line]
        of_kind = [made for made in here if made.function in _CALLS.get(kind, ())]
        if not of_kind:
            # A class of the program's own, derived from a known one.
            of_kind = [made for made in here if made.function not in _FACTORIES]
            if len(of_kind) != 1:
                return []
        closest = max(made.line for made in of_kind)
        return [made for made in of_kind if made.line == closest]

    # --- walking the tree ----------------------------------------------------------------------

    def _visit(self, node: ast.AST, owner: str) -> None:
        """``owner`` is the class whose body or method this is in, or ""."""
        for child in ast.iter_child_nodes(node):
            self._statement(child, owner)
            self._visit(child, child.name if isinstance(child, ast.ClassDef) else owner)

    def _statement(self, node: ast.AST, owner: str) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets[:1]:
                self._bind(target, node.value, owner)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            self._bind(node.target, node.value, owner)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._bind(node.optional_vars, node.context_expr, owner)
        elif isinstance(node, ast.keyword) and node.arg is not None:
            for call in _calls(node.value):  # not args=(Lock(),): that is the callee's business
                self._call(call, node.arg)
        elif isinstance(node, ast.arguments):
            self._defaults(node)
        elif isinstance(node, ast.Call):
            self._added(node, owner)

    def _bind(self, target: ast.expr, value: ast.expr, owner: str) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
                for one, its_value in zip(target.elts, value.elts, strict=True):
                    self._bind(one, its_value, owner)
            elif isinstance(value, ast.Call):
                names = tuple(_spelled(one, owner) for one in target.elts)
                single = _function(value) in _ONE_AND_MORE
                self._call(value, names[0], many=() if single else names)
            elif isinstance(value, ast.GeneratorExp | ast.ListComp):
                names = tuple(_spelled(one, owner) for one in target.elts)
                for call in _calls(value.elt):
                    self._call(call, names[0], many=names)
            return
        self._value(_spelled(target, owner), value)

    def _value(self, name: str, value: ast.expr) -> None:
        if isinstance(value, ast.List | ast.Tuple | ast.Set):
            for index, element in enumerate(value.elts):
                for call in _calls(element):
                    self._call(call, f"{name}[{index}]")
        elif isinstance(value, ast.Dict):
            for key, element in zip(value.keys, value.values, strict=True):
                spelled = ast.unparse(key) if key is not None else ""
                for call in _calls(element):
                    self._call(call, f"{name}[{spelled}]")
        elif isinstance(value, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            for call in _calls(value.elt):
                self._call(call, name, numbered=True)
        elif isinstance(value, ast.DictComp):
            for call in _calls(value.value):
                self._call(call, name, numbered=True)
        elif isinstance(value, ast.Call) and _function(value) in ("list", "tuple", "dict", "set"):
            for argument in value.args[:1]:
                self._value(name, argument)
        else:
            for call in _calls(value):
                self._call(call, name)

    def _defaults(self, arguments: ast.arguments) -> None:
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = zip(positional[::-1], arguments.defaults[::-1], strict=False)
        for argument, default in pairs:
            self._value(argument.arg, default)
        for argument, keyword in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if keyword is not None:
                self._value(argument.arg, keyword)

    def _added(self, node: ast.Call, owner: str) -> None:
        """``locks.append(Lock())`` adds ``locks[0]``, ``locks[1]``, …"""
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _ADDS and node.args:
            for call in _calls(node.args[-1]):
                self._call(call, _spelled(function.value, owner), numbered=True)

    def _call(
        self, call: ast.Call, name: str, numbered: bool = False, many: tuple[str, ...] = ()
    ) -> None:
        function = _function(call)
        if name and function:
            self._made.append(
                _Made(
                    call.lineno,
                    call.end_lineno or call.lineno,
                    call.col_offset,
                    self._aliases.get(function, function),
                    name,
                    numbered,
                    many,
                )
            )


def _calls(value: ast.expr) -> Iterator[ast.Call]:
    """The calls that may give this expression its value."""
    if isinstance(value, ast.Call):
        yield value
    elif isinstance(value, ast.IfExp):
        yield from _calls(value.body)
        yield from _calls(value.orelse)
    elif isinstance(value, ast.BoolOp):
        for operand in value.values:
            yield from _calls(operand)
    elif isinstance(value, ast.Await | ast.NamedExpr):
        yield from _calls(value.value)


def _function(call: ast.Call) -> str:
    function: ast.expr = call.func
    while isinstance(function, ast.Subscript):  # Queue[int]()
        function = function.value
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _spelled(target: ast.expr, owner: str) -> str:
    """The target as the program spells it; ``self.lock`` is spelled ``Account.lock``."""
    if isinstance(target, ast.Starred):
        target = target.value
    if (
        isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id in ("self", "cls")
        and owner
    ):
        return f"{owner}.{target.attr}"
    return ast.unparse(target)
