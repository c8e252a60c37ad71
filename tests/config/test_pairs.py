import subprocess
import sys

import pytest

from nekogao.config.pairs import PairConfig, check_size
from nekogao.errors import ConfigError
from nekogao.nets.generator import count_levels
from nekogao.pictures.domains import Domain


@pytest.mark.parametrize("size", [-32, 0, 16, 100, 129, 1024])
def test_a_size_that_is_no_power_of_two_is_refused(size):
    with pytest.raises(ConfigError) as caught:
        PairConfig(size=size)
    assert str(caught.value) == (
        f"size {size}: must be a power of two from 32 to 512. "
        "Rebuild the pair set with such a size= (--size on the command line)."
    )


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
