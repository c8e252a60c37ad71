import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nekogao.errors import ConfigError
from nekogao.measures.normalisation import recompute, split
from tests.networks import sources, translator


def trained(**settings):
    """A network with the statistics of the sources, and what it makes of them as targets."""
    first = translator(**settings)
    recompute(first.model.network, sources())
    return first, first.outputs(sources())


def test_wrong_statistics_alone_explain_everything():
    first, targets = trained(bottleneck_norm=True)
    second = copy.deepcopy(first)
    for name, buffer in second.model.network.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.add_(3.0)
    found = split(first, second, sources(), targets)
    assert found.skill_before == pytest.approx(1, abs=1e-4)
    assert found.skill_own < 0.9
    assert found.skill_recomputed == pytest.approx(1, abs=1e-4)
    assert found.weights_part == pytest.approx(0, abs=1e-4)
    assert found.statistics_part == pytest.approx(1 - found.skill_own, abs=1e-4)


def test_changed_weights_alone_explain_everything():
    first, targets = trained()
    second = copy.deepcopy(first)
    with torch.no_grad():  # after the last normalisation, which no statistics can undo
        second.model.network.up[-1].up.weight.neg_()
    found = split(first, second, sources(), targets)
    assert found.skill_own < 0.5
    assert found.statistics_part == pytest.approx(0, abs=1e-3)
    assert found.weights_part == pytest.approx(1 - found.skill_own, abs=1e-3)


@pytest.mark.parametrize("normalisation", ["group", "instance", "none"])
def test_networks_without_running_statistics_have_no_statistics_part(normalisation):
    first, second = (
        translator(normalisation=normalisation),
        translator(normalisation=normalisation),
    )
    with torch.no_grad():
        second.model.network.up[0].up.weight.mul_(2)
    found = split(first, second, sources(), torch.zeros(6, 3, 32, 32))
    assert found.skill_own == found.skill_recomputed
    assert found.statistics_part == 0


@settings(max_examples=8, deadline=None)
@given(st.floats(-2, 2))
def test_the_parts_sum_to_the_forgetting_and_nothing_is_changed(shift):
    first, targets = trained()
    second = copy.deepcopy(first)
    second.model.network.train()
    with torch.no_grad():
        second.model.network.down[1].norm.running_mean.add_(shift)
        second.model.network.up[0].up.weight.mul_(1 + shift / 4)
    networks = [each.model.network for each in (first, second)]
    before = [copy.deepcopy(network.state_dict()) for network in networks]
    random = torch.get_rng_state()
    found = split(first, second, sources(), targets)
    assert found.statistics_part + found.weights_part == pytest.approx(
        found.skill_before - found.skill_own
    )
    for was, now in zip(before, networks, strict=True):
        assert all(torch.equal(was[key], value) for key, value in now.state_dict().items())
    assert [network.training for network in networks] == [False, True]
    assert all(m.momentum == 0.1 for m in networks[1].modules() if hasattr(m, "momentum"))
    assert torch.equal(random, torch.get_rng_state())


def test_other_networks_and_single_sources_are_refused():
    first, second = translator(), translator(normalisation="group")
    with pytest.raises(ConfigError, match="the two networks differ"):
        split(first, second, sources(), torch.zeros(6, 3, 32, 32))
    first = translator(bottleneck_norm=True)
    with pytest.raises(ConfigError, match="more than 1 value per channel"):
        split(first, first, sources(1), torch.zeros(1, 3, 32, 32))
