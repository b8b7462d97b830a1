"""Replacing functions of the standard library by hooks."""

from __future__ import annotations

from ..recording import faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_PROBE = __package__.rpartition(".")[0] + "."


def method(owner: Any, name: str, make: Callable[[Any], Any], inherited: bool = False) -> None:
    """Replace the function ``owner.name`` by ``make(original)``, which looks like it.

    What the interpreter at hand does not have, or only inherits, is left alone.
    """
    original = getattr(owner, name, None) if inherited else owner.__dict__.get(name)
    if original is None:
        return
    wrapper = make(original)
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        try:
            setattr(wrapper, attribute, getattr(original, attribute))
        except AttributeError:
            pass
    wrapper.__wrapped__ = original
    setattr(owner, name, wrapper)


def builtin(module: Any, name: str, make: Callable[[Any], Callable[..., Any]]) -> None:
    """Replace the built-in function ``module.name`` by an object that calls ``make(original)``.

    A Python function would bind itself as a method where a class keeps it as an attribute; a
    built-in doesn't, nor does this. It pickles by name, and has the original's repr.
    """
    original = getattr(module, name, None)
    if original is not None:
        setattr(module, name, _builtin(original, module.__name__, name, make(original)))


def later(module: Any, names: tuple[str, ...], hooks: str) -> None:
    """Replace built-in functions by what ``HOOKS`` of our module ``hooks`` makes of each, by its
    name. That module is loaded when the program calls one of them."""
    for name in names:
        original = getattr(module, name, None)
        if original is not None:
            shown = _builtin(original, module.__name__, name, None)
            shown.__call__ = _loader(hooks, shown)
            setattr(module, name, shown)


def _loader(hooks: str, shown: Any) -> Callable[..., Any]:
    def load(*args: Any, **kwargs: Any) -> Any:
        original = shown.__wrapped__
        try:
            full = _PROBE + hooks
            make = __import__(full, fromlist=["HOOKS"]).HOOKS[shown._name]
            shown.__call__ = call = make(original)
        except Exception:  # the interpreter is ending, and imports nothing any more
            faults.note("hook of %s" % shown._name)
            shown.__call__ = call = original
        return call(*args, **kwargs)

    return load


def called_by(frame: Any) -> Any:
    """``frame``, which called a hook, or its caller where it is the hook's loader."""
    return frame.f_back if frame.f_code is _LOAD else frame


#: One type for all: to make a type takes as long as all else that a hook needs. What a slot of
#: the name ``__call__`` holds is what is called, without the object.
_Builtin: Any = type("builtin_function_or_method", (), {
    "__slots__": ("__call__", "__weakref__", "__wrapped__", "_module", "_name"),
    "__getattr__": lambda self, attribute: getattr(self.__wrapped__, attribute),
    "__repr__": lambda self: repr(self.__wrapped__),
    "__reduce__": lambda self: self._name,
    "__module__": property(lambda self: self._module),
    "__doc__": property(lambda self: self.__wrapped__.__doc__),
    "__class__": property(lambda self: type(self.__wrapped__)),
})  # fmt: skip
_LOAD = _loader("", None).__code__


def _builtin(original: Any, module: str, name: str, call: Any) -> Any:
    shown = _Builtin()
    shown.__wrapped__, shown._module, shown._name = original, module, name
    shown.__call__ = call
    return shown


def guarded(hook: Callable[[Any], None], module: Any) -> None:
    """Run one hook; what it raises is noted, and the program goes on without it."""
    try:
        hook(module)
    except Exception:
        faults.note("hook of %s" % getattr(module, "__name__", module))
