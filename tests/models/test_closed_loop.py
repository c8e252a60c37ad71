"""The closed loop of a translator: outputs back in as sources."""

import numpy as np
import pytest
import torch

from nekogao.errors import ConfigError
from nekogao.measures.attractors import largest_singular_value, spectral_radius
from nekogao.models.options import Options
from nekogao.pictures import images
from nekogao.pictures.domains import Domain, built_in
from tests.networks import translator

GRAY, EDGES, COLOUR = built_in("gray"), built_in("edges"), built_in("colour")


def states(channels=3, count=2):
    return torch.rand(count, channels, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("domain", [GRAY, EDGES])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_turn_is_what_settling_does(domain, channels):
    asked, state = translator(source_channels=channels), states()
    options = Options(settle=1, domain=domain.name)
    once = asked.translate(images.from_tensor(state), options)
    twice = asked.turn(asked.turn(state, domain), domain)
    for result, turned in zip(once, images.from_tensor(twice), strict=True):
        assert np.array_equal(result.output, turned)


def test_the_smooth_turn_is_the_same_but_for_rounding_and_has_a_derivative():
    asked, state = translator(normalisation="none"), states()
    smooth = asked.smooth(GRAY)
    assert torch.allclose(smooth(state), asked.turn(state, GRAY), atol=0.02)
    radius = spectral_radius(smooth, state[:1], 20)
    gain = largest_singular_value(smooth, state[:1], 20)
    assert 0 < radius <= gain * 1.05


@pytest.mark.parametrize("channels", [1, 3])
def test_the_smooth_turn_through_colour_feeds_the_output_back_as_it_is(channels):
    asked = translator(normalisation="none", source_channels=3, target_channels=channels)
    smooth, state = asked.smooth(COLOUR), states(channels)
    assert torch.allclose(smooth(state), asked.turn(state, COLOUR), atol=0.02)
    swapped = smooth(state.flip(1))
    assert torch.equal(swapped, smooth(state)) == (channels == 1)


def test_a_turn_leaves_the_network_as_it_was():
    asked = translator(dropout=0.5)
    network = asked.model.network.train().requires_grad_(True)
    assert torch.equal(asked.turn(states(), GRAY), asked.turn(states(), GRAY))
    assert network.training
    assert all(p.requires_grad for p in network.parameters())


def test_loops_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="domain edges: has no derivative"):
        translator().smooth(EDGES)
    with pytest.raises(ConfigError, match="sources were imported"):
        translator().turn(states(), Domain(name="outline", kind="imported"))


def test_a_gray_target_can_be_fed_back():
    asked, state = translator(target_channels=1), states(channels=1)
    assert asked.turn(state, GRAY).shape == asked.smooth(GRAY)(state).shape == state.shape
