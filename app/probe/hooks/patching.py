"""Replacing functions of the standard library by hooks."""

from __future__ import annotations

from ..recording import faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_PROBE = __name__.rsplit(".", 2)[0] + "."


def method(owner: Any, name: str, make: Callable[[Any], Any], inherited: bool = False) -> None:
    """Replace the function ``owner.name`` by ``make(original)``, which gets its name and docstring.

    A function that this interpreter doesn't have is left out. So is one that ``owner`` inherits,
    unless ``inherited``.
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

    A Python function that a class has as an attribute binds itself as a method. A built-in one
    doesn't, nor does this object. It is pickled by name and has the original's repr.
    """
    original = getattr(module, name, None)
    if original is not None:
        setattr(module, name, _builtin(original, module.__name__, name, make(original)))


def later(module: Any, names: tuple[str, ...], hooks: str) -> None:
    """Replace the built-in functions ``names`` by objects that load their hooks when called first.

    ``hooks`` names our module, ``<room>.<module>``; its ``HOOKS`` has by name what makes each hook.
    """
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
        except Exception:  # the interpreter is ending and may refuse the import
            faults.note("hook of %s" % shown._name)
            shown.__call__ = call = original
        return call(*args, **kwargs)

    return load


def called_by(frame: Any) -> Any:
    """Return ``frame``, which called a hook; its caller if it is the loader of ``later``."""
    return frame.f_back if frame.f_code is _LOAD else frame


#: One type for all of them: making a type takes as long as all the rest of a hook. Calling such an
#: object calls what its slot ``__call__`` holds, without the object as an argument.
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
    """Call ``hook(module)``. An exception is noted, and the program goes on without the hook."""
    try:
        hook(module)
    except Exception:
        faults.note("hook of %s" % getattr(module, "__name__", module))
