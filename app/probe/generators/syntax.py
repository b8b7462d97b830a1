"""Finds generators in the syntax tree of a file of the program.

``compile`` makes the tree without the module ``ast``, which takes long to import.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ONLY_AST = 0x400  # PyCF_ONLY_AST
_BY_HAND = frozenset(("send", "throw", "__next__"))
#: Generator functions with these decorators or names are resumed by a library or by a ``for``.
_DECORATORS = frozenset(("contextmanager", "asynccontextmanager", "fixture", "coroutine"))
_NAMES = frozenset(("__iter__",))


def facts(text: bytes) -> tuple[bool, bool]:
    """Return if the text has a generator that might be driven by hand, and if it might drive one.

    Raises SyntaxError or ValueError if the text isn't Python.
    """
    generates = drives = False
    tree: Any = compile(text, "<program>", "exec", _ONLY_AST, True)
    # Each node, with True if a yield in it makes a generator that may be driven by hand.
    waiting: list[tuple[Any, bool]] = [(tree, False)]
    while waiting:
        node, driven = waiting.pop()
        kind = type(node).__name__
        if kind == "FunctionDef":
            driven = node.name not in _NAMES and not any(
                _name(each) in _DECORATORS for each in node.decorator_list
            )
        elif kind == "Lambda":
            driven = True
        elif kind == "AsyncFunctionDef":
            driven = False
        elif kind in ("Yield", "YieldFrom"):
            generates = generates or driven
        elif kind == "Attribute":
            drives = drives or node.attr in _BY_HAND
        elif kind == "Name":
            drives = drives or node.id == "next"
        elif kind == "Call" and _name(node.func) == "next" and _is_expression(node):
            waiting += [(each, driven) for each in node.args]  # next(n for n in …) uses it up
            continue
        for field in node._fields:
            value = getattr(node, field, None)
            for each in value if isinstance(value, list) else (value,):
                if hasattr(each, "_fields"):
                    waiting.append((each, driven))
    return generates, drives


def _is_expression(call: Any) -> bool:
    return bool(call.args) and type(call.args[0]).__name__ == "GeneratorExp"


def _name(node: Any) -> Any:
    """Return the last name of a node: ``fixture`` of ``@pytest.fixture(scope="module")``."""
    if type(node).__name__ == "Call":
        node = node.func
    return getattr(node, "attr", None) or getattr(node, "id", None)
