"""Nekogao: few-shot paired image translation, and what the network remembers of it."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "NekogaoError": "nekogao.errors",
    "TrainConfig": "nekogao.config.schema",
    "Phase": "nekogao.config.schema",
    "PairSet": "nekogao.pairs.pair_set",
    "Generator": "nekogao.nets.generator",
    "train": "nekogao.training.loop",
    "switch": "nekogao.training.loop",
    "Translator": "nekogao.models.translator",
    "load": "nekogao.models.translator",
    "apply": "nekogao.models.gallery",
    "build_report": "nekogao.report.run",
}

__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:
    # Importing the package must not cost the import of PyTorch.
    if name not in _HOME:
        raise AttributeError(f"module 'nekogao' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
