"""Fields of a line of JSON, each of the type that it must have."""

from collections.abc import Mapping
from typing import Any

_NAMES = {str: "text", int: "a whole number", float: "a number", list: "a list", dict: "an object"}


def checked(value: Any, name: str, *kinds: type) -> Any:
    """`value`, where it is of one of `kinds`. Raises TypeError otherwise, which calls it `name`.

    Neither True nor False is a number here.
    """
    if type(value) not in kinds:
        raise TypeError(f"{name} is {str(value)[:60]!r}, not {_NAMES[kinds[-1]]}")
    return value


def needed(row: Mapping[str, Any], name: str, *kinds: type) -> Any:
    """A field that must be there. Raises TypeError where it is not, or has another type."""
    if name not in row:
        raise TypeError(f"{name} is missing")
    return checked(row[name], name, *kinds)


def optional(row: Mapping[str, Any], name: str, *kinds: type) -> Any:
    """A field that may be absent or null; both give None. Raises TypeError for another type."""
    return None if row.get(name) is None else checked(row[name], name, *kinds)


def texts(row: Mapping[str, Any], name: str) -> dict[str, str]:
    """A field that is an object of texts. Raises TypeError where it is none."""
    found = needed(row, name, dict)
    return {key: checked(value, f"{name}.{key}", str) for key, value in found.items()}
