"""Replacing functions of the standard library, when their module is imported and not before."""

from __future__ import annotations

import sys

from . import faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


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
    if original is None:
        return
    members: dict[str, Any] = {
        "__slots__": ("__weakref__",),
        "__call__": staticmethod(make(original)),
        "__getattr__": lambda self, attribute: getattr(original, attribute),
        "__repr__": lambda self: repr(original),
        "__reduce__": lambda self: name,
        "__module__": module.__name__,
        "__doc__": original.__doc__,
        "__wrapped__": original,
    }
    setattr(module, name, type("builtin_function_or_method", (), members)())


class ImportHook:
    """A meta path finder that only waits for modules to patch and lets others find them.

    It takes the place of ``own``, the finder of the probe's modules, and asks it.
    """

    def __init__(self, hooks: dict[str, Callable[[Any], None]], own: Any = None) -> None:
        self.hooks = hooks
        self.own = own

    def install(self) -> None:
        """Patch what is imported already; wait for the rest."""
        if self.own is not None:
            sys.meta_path.remove(self.own)
        sys.meta_path.insert(0, self)
        for name in list(self.hooks):
            if name in sys.modules:
                guarded(self.hooks.pop(name), sys.modules[name])

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        hook = self.hooks.pop(name, None)
        if hook is None:
            return None if self.own is None else self.own.find_spec(name)
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if isinstance(spec.loader, type):
                    spec.loader = _Once(spec.loader, hook)
                else:
                    _run_after(spec.loader, hook)
                return spec
        self.hooks[name] = hook
        return None


class _Once:
    """Loads one module for a loader that is a class, shared by all built-in or frozen modules."""

    def __init__(self, loader: Any, hook: Callable[[Any], None]) -> None:
        self.loader = loader
        self.hook = hook

    def create_module(self, spec: Any) -> Any:
        return self.loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        guarded(self.hook, module)


def _run_after(loader: Any, hook: Callable[[Any], None]) -> None:
    try:
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            del loader.exec_module
            execute(module)
            guarded(hook, module)

        loader.exec_module = exec_module
    except Exception:  # a loader that can't be written to: the module stays as it is
        faults.note("import hook")


def guarded(hook: Callable[[Any], None], module: Any) -> None:
    """Run one hook; what it raises is noted, and the program goes on without it."""
    try:
        hook(module)
    except Exception:
        faults.note("hook of %s" % getattr(module, "__name__", module))
