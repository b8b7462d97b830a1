"""Patching modules when the program imports them, and not before."""

from __future__ import annotations

import sys

from ..recording import faults
from .patching import guarded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


_PROBE = __name__.rsplit(".", 2)[0] + "."


class ImportHook:
    """A finder on ``sys.meta_path`` that waits for modules to patch, and lets others find them.

    ``hooks`` has by the name of each module the function that patches it, or the names of our
    module and of its function, which is loaded then. ``own`` is the finder of our own modules.
    """

    def __init__(self, hooks: dict[str, Any], own: Any = None) -> None:
        self.hooks = dict(hooks)
        self.own = own
        #: Called with the name and the path of any other module; its spec, or None.
        self.watch: Callable[[str, Any], Any] | None = None

    def install(self) -> None:
        """Patch the modules that are imported already, and wait for the others."""
        sys.meta_path.insert(0, self)
        for name in list(self.hooks):
            if name in sys.modules:
                self.patch(self.hooks.pop(name), sys.modules[name])

    def patch(self, hook: Any, module: Any) -> None:
        """Run the hook of a module that has just been executed."""
        if isinstance(hook, tuple):
            hook = _lazily(*hook)
        guarded(hook, module)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Return the spec of a module that has a hook, from the next finder, with the hook added.

        Any other module is looked for among our own, and then by ``watch``.
        """
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
        except Exception:  # this loader takes no attributes: the module stays unpatched
            faults.note("import hook")


class _Once:
    """Loads one module in place of a loader that is a class, which built-in modules share."""

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
