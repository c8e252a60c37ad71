"""Help for narrow terminals: what an option means is on the lines below it, and no word breaks."""

import inspect
import re
import shutil
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence

_NARROW = 66
"""Columns below which tyro's boxes leave too little room for words."""


def wanted(arguments: Sequence[str]) -> bool:
    """Whether help is asked for, of the program or of a command, on a narrow terminal."""
    asked = 1 <= len(arguments) <= 2 and arguments[-1] in ("-h", "--help")
    return asked and shutil.get_terminal_size().columns < _NARROW


def help_of(
    named: Sequence[str], commands: Mapping[str, Callable[..., int]], description: str
) -> str:
    """Help of the command that is named, or of the whole program where none is."""
    if not named:
        listed = ((name, *_parted(command)[:1]) for name, command in commands.items())
        return "\n".join(["usage: nekogao COMMAND ...", "", *_wrapped(description), "",
                          *_table(listed)])  # fmt: skip
    command = commands[named[0]]
    what, meanings = _parted(command)
    given, options = [], []
    for name, about in inspect.signature(command).parameters.items():
        spelled = name.rstrip("_").replace("_", "-")
        if "Positional" in str(about.annotation) or "PositionalCall" in str(about.annotation):
            given.append((spelled.upper(), meanings.get(name, "")))
        else:
            options.append((_option(command, name, spelled), meanings.get(name, "")))
    words = " ".join(spelled for spelled, _ in given)
    usage = _wrapped(f"usage: nekogao {named[0]} [OPTIONS] {words}".rstrip())
    return "\n".join([*usage, "", *_wrapped(what), "", *_table([*given, *options])])


def _option(command: Callable[..., int], name: str, spelled: str) -> str:
    annotation = str(inspect.signature(command).parameters[name].annotation)
    renamed = re.search(r"name='([\w-]+)'", annotation)
    return f"--{renamed[1] if renamed else spelled}"


def _parted(command: Callable[..., int]) -> tuple[str, dict[str, str]]:
    """A command's docstring: what it does, and argument -> what that means."""
    what, _, arguments = (inspect.getdoc(command) or "").partition("\nArgs:\n")
    found = re.split(r"^ {4}(\w+): ", arguments, flags=re.MULTILINE)[1:]
    return " ".join(what.split()), {
        name: " ".join(meaning.split())
        for name, meaning in zip(found[::2], found[1::2], strict=True)
    }


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    return [line for name, meaning in rows for line in (name, *_wrapped(meaning, "    "))]


def _wrapped(text: str, indent: str = "") -> list[str]:
    width = max(20, shutil.get_terminal_size().columns)
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False)  # fmt: skip
