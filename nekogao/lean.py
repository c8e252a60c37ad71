"""A command's process begins and ends in half of the time.

Importing PyTorch spends a third of its time on garbage collections that find nothing, and on the
shapes of results on the meta device for every operation, of which no command makes use: they are
read when something first asks for one of them. At its end Python looks through all that was
imported once more, for garbage.
"""

import atexit
import gc
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any


class _Later:
    """What was left out of the import of PyTorch, until something needs it."""

    read: Callable[[], None] | None = None
    """Reads it; None where nothing is left out."""
    whole = False
    """Whether PyTorch itself has been imported."""


class _Uncollected(SourceFileLoader):
    """Runs a module while no garbage is collected, and never looks through it for any."""

    def exec_module(self, module: ModuleType) -> None:
        was = gc.isenabled()
        gc.disable()
        try:
            super().exec_module(module)
            _bind_generator(module)
            _Later.whole = True
            gc.freeze()
        finally:
            if was:
                gc.enable()


def _bind_generator(torch: ModuleType) -> None:
    """What is left out would have done this, without which `torch.Generator()` fails."""
    if bind := getattr(torch._C, "_set_generator_metaclass", None):
        bind(import_module("torch._opaque_base").OpaqueBaseMeta)


class _WhenAsked(SourceFileLoader):
    """Runs a module when one of its names is first asked for, or another part of PyTorch.

    The standard library's LazyLoader does so for `__file__` too, which `inspect` asks of every
    module that there is.
    """

    def exec_module(self, module: ModuleType) -> None:
        def read() -> None:
            _Later.read = None
            del module.__dict__["__getattr__"]
            super(_WhenAsked, self).exec_module(module)

        def first(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            read()
            return getattr(module, name)

        module.__dict__["__getattr__"] = first
        _Later.read = read


_LOADERS = {"torch": _Uncollected, "torch._meta_registrations": _WhenAsked}


class _There(Loader):
    """Gives a module that was imported while it was looked for."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        pass


class _Finder(MetaPathFinder):
    """Finds those modules where Python does, with loaders of its own."""

    def find_spec(
        self, name: str, path: Iterable[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if _Later.read and _Later.whole and name.startswith("torch."):
            _Later.read()  # what is imported now, such as the compiler, may expect it
            if there := sys.modules.pop(name, None):  # else Python would run it once more
                return ModuleSpec(name, _There(there), is_package=hasattr(there, "__path__"))
        if name not in _LOADERS:
            return None
        found = PathFinder.find_spec(name, None if path is None else list(path), target)
        if found is None or not isinstance(found.loader, SourceFileLoader):
            return None
        found.loader = _LOADERS[name](name, found.loader.path)
        return found


def prepare() -> None:
    """Let this process, which is a command's own, import PyTorch and end so."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path) or (
        PathFinder not in sys.meta_path
    ):
        return
    sys.meta_path.insert(sys.meta_path.index(PathFinder), _Finder())
    atexit.register(gc.freeze)
