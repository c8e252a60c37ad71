import dataclasses
import tomllib

import pytest

from nekogao.config.compose import compose, recipe_names
from nekogao.config.documentation import docstrings, document
from nekogao.config.plain import train_config
from nekogao.config.schema import TrainConfig


@pytest.mark.parametrize("name", recipe_names())
def test_a_documented_recipe_can_be_read_back(name):
    config = compose(name)
    assert train_config(tomllib.loads(document(config))) == config


def all_configurations(cls=None):
    cls = cls or TrainConfig
    yield cls
    for value in vars(cls()).values():
        if dataclasses.is_dataclass(value):
            yield from all_configurations(type(value))


def test_every_field_says_what_it_means():
    for cls in all_configurations():
        said = docstrings(cls)
        plain = {f.name for f in dataclasses.fields(cls)
                 if not dataclasses.is_dataclass(getattr(cls(), f.name))}  # fmt: skip
        assert plain <= set(said), cls


def test_every_field_is_printed_below_its_meaning():
    lines = document(compose("fast")).splitlines()
    at = lines.index("replay = 0.5")
    assert lines[at - 1].startswith("# ") and "rehearsal" in " ".join(lines[at - 3 : at])
    assert "[model.generator]" in lines and 'kind = "convolutional"' in lines
    assert all(len(line) < 100 for line in lines)


def test_the_choices_of_a_setting_stand_above_it():
    lines = document(compose("fast")).splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("upsampling = ")]
    assert lines[at - 1] == "# One of: nearest, bilinear, transposed."
