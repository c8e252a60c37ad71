"""Options: how pictures are brought to a network and back."""

from dataclasses import dataclass
from typing import Literal, get_args

from nekogao.errors import ConfigError
from nekogao.names import Fit

_MOST_CHOICES = 64


@dataclass(frozen=True, kw_only=True)
class Options:
    """How pictures are brought to the network and back.

    Raises ConfigError where a value is none that its field describes.
    """

    domain: str | None = None
    """The domain to make sources with. None looks at the picture: the lines of a drawing become
    its source where the model knows edges or sketches, and other pictures go through the domain
    trained last. `as-is` takes every picture as a source."""
    fit: Fit = "stretch"
    """How a picture gets the network's proportions: crop, pad or stretch."""
    restore: bool = False
    """Whether outputs get their picture's own size back."""
    settle: int | Literal["still"] | None = None
    """How often the output is fed back through the domain; `still` until it no longer changes.
    None is `still` for a network that answers from memory (an encoder-decoder), 0 for others."""
    side_by_side: bool = False
    """Whether to write picture, source and output in one row."""
    nearest: bool = False
    """Whether to name the training face that an output resembles most."""
    freedom: float | None = None
    """How far an exemplar model may leave what it remembers, from 0, the remembered target as it
    is, to 1, as the source has it; None leaves it to the model."""
    choices: int = 1
    """How many answers of an exemplar model to give for every picture, the best first."""
    provenance: bool = False
    """Whether to show, beside every output of an exemplar model, where its pixels come from."""
    auto: bool = False
    """Whether white lines on black become black on white where the model was given such."""

    def __post_init__(self) -> None:
        if self.fit not in get_args(Fit):
            raise ConfigError(f"fit is {self.fit!r}: expected one of {', '.join(get_args(Fit))}.")
        turns = self.settle
        if turns not in (None, "still") and (type(turns) is not int or turns < 0):
            raise ConfigError(f"settle is {turns!r}: expected a count, 0 or more, or 'still'.")
        if type(self.choices) is not int or not 1 <= self.choices <= _MOST_CHOICES:
            raise ConfigError(
                f"choices is {self.choices!r}: expected a count from 1 to {_MOST_CHOICES}."
            )
        free = self.freedom
        if free is not None and (type(free) not in (int, float) or not 0 <= free <= 1):
            raise ConfigError(f"freedom is {free!r}: expected a number from 0 to 1.")
        for name in ("restore", "side_by_side", "nearest", "provenance", "auto"):
            if type(value := getattr(self, name)) is not bool:
                raise ConfigError(f"{name} is {value!r}: expected True or False.")
