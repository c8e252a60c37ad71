"""Explanations under way: what is done so far, so that the same command goes on.

While pictures are explained the folder holds `unfinished.jsonl`: a first line that says of what,
then one line per picture whose card is there. It is deleted in the end.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import IO

from nekogao.errors import InputError
from nekogao.files import check_new_folder, read_lines
from nekogao.models.gallery import Applied
from nekogao.reasons.explanation import Explanation
from nekogao.reasons.flips import Flip
from nekogao.reasons.subject import Subject

FILE = "unfinished.jsonl"


@dataclass(frozen=True)
class Change:
    """A flip without its pictures, which are made again."""

    kind: str
    amount: float


@dataclass(frozen=True)
class Done:
    """One picture whose card is drawn."""

    picture: str
    """What it is: see `identity`."""
    card: str
    """Its card's file name."""
    morph: Change | None
    smallest: Change | None

    @classmethod
    def of(cls, picture: str, card: str, explanation: Explanation) -> "Done":
        """What is written down of an explanation."""
        return cls(picture, card, _change(explanation.morph), _change(explanation.smallest))


def _change(flip: Flip | None) -> Change | None:
    return Change(flip.kind, flip.amount) if flip else None


def identity(
    subject: Subject, given: Sequence[str | bool], paths: list[Path], faults: list[Applied]
) -> str:
    """A hash over everything that explanations follow from, but for the pictures' contents.

    `given` is what they follow from besides the network and its faces.
    """
    found = hashlib.sha256()
    for name, tensor in subject.translator.model.network.state_dict().items():
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    for id_, target, source in zip(subject.faces.ids, subject.faces.targets,
                                   subject.faces.sources, strict=True):  # fmt: skip
        found.update(json.dumps(id_).encode() + target.tobytes() + source.tobytes())
    said = [subject.domain_name, *given, *map(str, paths)]
    said += [fault.error for fault in faults]
    found.update(json.dumps(said).encode())
    return found.hexdigest()


class Unfinished:
    """A folder of explanations that is being filled; one process fills it at a time."""

    def __init__(self, folder: Path, handle: IO[str], done: dict[str, Done]) -> None:
        self.folder, self.done = folder, done
        self._handle = handle

    @classmethod
    def begin(cls, out: Path, of: str, numbered: bool) -> "Unfinished":
        """Go on in `out`, or make it; where it is taken, `out-2` and so on if `numbered`.

        Raises InputError where it is taken, or another process is at work there.
        """
        for folder in _names(out) if numbered else [out]:
            try:
                return cls._open(folder, of)
            except InputError:
                if not numbered:
                    raise
        raise AssertionError("names do not end")

    @classmethod
    def _open(cls, folder: Path, of: str) -> "Unfinished":
        check(folder, of)
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / FILE).open("a+", encoding="utf-8")
        if not _lock(handle):
            handle.close()
            raise InputError(
                f"{folder}: another `nekogao explain` is at work there. Name a new folder."
            )
        rows = read_lines(folder / FILE, "picture", "card", "morph", "smallest")
        if not any(row.get("of") == of for row in read_lines(folder / FILE, "of")):
            handle.write(json.dumps({"of": of}) + "\n")
            handle.flush()
        done = {row["picture"]: Done(str(row["picture"]), str(row["card"]),
                                     _read(row["morph"]), _read(row["smallest"]))
                for row in rows}  # fmt: skip
        return cls(folder, handle, done)

    def keep(self, done: Done) -> None:
        """Write down that a picture's card is drawn."""
        self._handle.write(json.dumps(asdict(done), allow_nan=False) + "\n")
        self._handle.flush()

    def finish(self) -> None:
        """Everything is there: nothing is left to go on with."""
        (self.folder / FILE).unlink()
        self.close()

    def close(self) -> None:
        """Let others in."""
        self._handle.close()


def check(folder: Path, of: str) -> None:
    """Raise InputError where a folder is taken by anything but the same explanations, begun."""
    begun = folder / FILE
    if begun.is_file() and not begun.is_symlink():
        if any(row["of"] == of for row in read_lines(begun, "of")):
            return
        raise InputError(
            f"{folder}: other explanations were begun there (not empty). Name a new folder."
        )
    check_new_folder(folder)


def _names(out: Path) -> Iterator[Path]:
    yield out
    for number in count(2):
        yield out.with_name(f"{out.name}-{number}")


def _read(change: object) -> Change | None:
    if not isinstance(change, dict):
        return None
    return Change(str(change["kind"]), float(change["amount"]))


def _lock(handle: IO[str]) -> bool:
    """Whether no other process has the file; where the system has no such lock, True."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
