"""Imports the package in such a way that its annotations are executed when it is used."""

from io import TextIOBase
from pathlib import Path
from typing import TextIO

from beartype import BeartypeConf, FrozenDict
from beartype.claw import beartype_packages
from jaxtyping import install_import_hook

PACKAGE = Path(__file__).parent.parent / "nekogao"


def _modules(shaped: bool) -> list[str]:
    """Modules whose annotations have shapes, which are dear to check, or all others.

    Settings check themselves when they are made, before which the others' check would come.
    """

    def is_shaped(path: Path) -> bool:
        text = path.read_text(encoding="utf-8")
        return "jaxtyping" in text or (path.parent.name == "config" and "@dataclass" in text)

    return [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py" and is_shaped(path) is shaped
    ]


_TYPES = BeartypeConf(
    claw_is_pep526=False,
    is_pep484_tower=True,  # an int is a float
    hint_overrides=FrozenDict({TextIO: TextIOBase}),  # as pytest's streams are
)

beartype_packages(_modules(shaped=False), conf=_TYPES)
with install_import_hook(_modules(shaped=True), "beartype.beartype"):
    pass
