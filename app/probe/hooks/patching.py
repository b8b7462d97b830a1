"""Replacing functions of the standard library, when their module is imported and not before."""

from __future__ import annotations

import sys

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


class ImportHook:
    """A meta path finder that only waits for modules to patch and lets others find them.

    ``hooks`` has, by the name of each, our module and its function that patches it, which are
    loaded then; or such a function itself. ``own``, the finder of our modules, is asked too.
    """

    def __init__(self, hooks: dict[str, Any], own: Any = None) -> None:
        self.hooks = dict(hooks)
        self.own = own
        self.watch: Callable[[str, Any], Any] | None = None  # finds the program's own modules

    def install(self) -> None:
        """Patch what is imported already; wait for the rest."""
        sys.meta_path.insert(0, self)
        for name in list(self.hooks):
            if name in sys.modules:
                self.patch(self.hooks.pop(name), sys.modules[name])

    def patch(self, hook: Any, module: Any) -> None:
        """Run the hook of a module that was just executed."""
        if isinstance(hook, tuple):
            hook = _lazily(*hook)
        guarded(hook, module)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        hook = self.hooks.pop(name, None)
        if hook is None:
            found = None if self.own is None else self.own.find_spec(name)
            return self.watch(name, path) if found is None and self.watch is not None else found
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if isinstance(spec.loader, type):
                    spec.loader = _Once(spec.loader, self, hook)
                else:
                    self._patch_after(spec.loader, hook)
                return spec
        self.hooks[name] = hook
        return None

    def _patch_after(self, loader: Any, hook: Any) -> None:
        try:
            execute = loader.exec_module

            def exec_module(module: Any) -> None:
                del loader.exec_module
                execute(module)
                self.patch(hook, module)

            loader.exec_module = exec_module
        except Exception:  # a loader that can't be written to: the module stays as it is
            faults.note("import hook")


class _Once:
    """Loads one module for a loader that is a class, shared by all built-in or frozen modules."""

    def __init__(self, loader: Any, owner: ImportHook, hook: Any) -> None:
        self.loader = loader
        self.owner = owner
        self.hook = hook

    def create_module(self, spec: Any) -> Any:
        return self.loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        self.owner.patch(self.hook, module)


def _lazily(module: str, function: str) -> Callable[[Any], None]:
    def hook(target: Any) -> None:
        full = _PROBE + module
        getattr(__import__(full, fromlist=[function]), function)(target)

    return hook


def guarded(hook: Callable[[Any], None], module: Any) -> None:
    """Run one hook; what it raises is noted, and the program goes on without it."""
    try:
        hook(module)
    except Exception:
        faults.note("hook of %s" % getattr(module, "__name__", module))
