"""A configuration as TOML in which every field says what it means."""

import ast
import inspect
import textwrap
from dataclasses import fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from nekogao.config.plain import KIND, toml_value
from nekogao.config.rules import ModelConfig
from nekogao.config.schema import TrainConfig

_WIDTH = 96


def document(config: TrainConfig) -> str:
    """TOML text of a whole configuration, each field below its documentation.

    It can be edited and read back with `nekogao train --config`.
    """
    lines = list(_table(config, ""))
    return "\n".join(lines).strip() + "\n"


def _table(config: Any, name: str) -> list[str]:
    """The fields of a dataclass, plain values first, then its tables."""
    said, lines, tables = docstrings(type(config)), [], []
    kinds = get_type_hints(type(config))
    for field in fields(config):
        value = getattr(config, field.name)
        if is_dataclass(value):
            tables.append((f"{name}.{field.name}".lstrip("."), value, said.get(field.name, "")))
            continue
        lines += _comment(said.get(field.name, ""))
        if get_origin(kinds[field.name]) is Literal:
            lines += _comment(f"One of: {', '.join(map(str, get_args(kinds[field.name])))}.")
        unset = value is None  # TOML has no such value: the field is left out
        shown = "..." if unset else toml_value(value)
        lines.append(f"{'# ' if unset else ''}{field.name} = {shown}")
    for path, inner, meaning in tables:
        lines += ["", *_comment(meaning or first_line(type(inner))), f"[{path}]"]
        if isinstance(inner, ModelConfig):
            lines.append(f"{KIND} = {toml_value(inner.kind)}")
        lines += _table(inner, path)
    return lines


def _comment(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), _WIDTH, initial_indent="# ",
                         subsequent_indent="# ")  # fmt: skip


def first_line(cls: type) -> str:
    """The first line of a class's docstring."""
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def docstrings(cls: type) -> dict[str, str]:
    """Field -> the docstring below it in the source; inherited fields are left out."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for field, after in zip(definition.body, definition.body[1:], strict=False):
        match field, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = text
    return found
