import subprocess
import sys

import pytest

from nekogao.config.compose import compose
from nekogao.config.pairs import PairConfig
from nekogao.errors import ConfigError
from nekogao.nets.generator import count_levels
from nekogao.pictures.domains import Domain
from nekogao.sizes import check_size


@pytest.mark.parametrize("size", [1, 16, 513, "31x64", "64x513", 1024])
def test_a_size_outside_the_limits_is_refused(size):
    with pytest.raises(ConfigError) as caught:
        PairConfig(size=size)
    assert str(caught.value) == (
        f"size {size}: each side must be from 32 to 512 pixels. "
        "Rebuild the pair set with such a size= (--size on the command line)."
    )


def test_a_square_is_kept_as_a_number_and_anything_else_as_text():
    given = [64, "64", "64x64", "192x256"]
    assert [PairConfig(size=size).size for size in given] == [64, 64, 64, "192x256"]
    generator = compose(overrides={"generator.size": "48x64"}).model.generator
    assert generator.size == "48x64"
    assert compose(overrides={"generator.size": "64x64"}).model.generator.size == 64
    with pytest.raises(ConfigError, match="size 'wide': must be a side in pixels, or WIDTHx"):
        compose(overrides={"generator.size": "wide"})


@pytest.mark.parametrize("size", [16, 32, 33, 64, 512, 1024])
def test_the_sizes_of_pair_sets_are_those_of_networks(size):
    found = []
    for check in (check_size, count_levels):
        try:
            check(size)
            found.append("")
        except ConfigError as error:
            found.append(str(error))
    assert found[0] == found[1]


def test_at_least_one_domain_is_needed():
    with pytest.raises(ConfigError, match="no domain was named. Give at least one, as in"):
        PairConfig(domains=())


def test_a_fit_that_does_not_exist_is_refused_with_those_that_do():
    # In this process the type checker of the tests would refuse it first.
    code = "from nekogao.config.pairs import PairConfig; PairConfig(fit='zoom')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ConfigError: fit = 'zoom': must be one of crop, pad, stretch." in ended.stderr


def test_the_thresholds_are_those_of_domains():
    assert (PairConfig().low, PairConfig().high) == (Domain.low, Domain.high)
