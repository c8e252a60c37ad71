import numpy as np
import pytest
import torch

from nekogao.errors import ConfigError
from nekogao.measures.attractors import largest_singular_value, noise, spectral_radius
from nekogao.measures.closed_loop import Loop
from nekogao.models.file import Model
from nekogao.models.translator import Options, Translator
from nekogao.nets.generator import Generator
from nekogao.pictures import images
from nekogao.pictures.domains import Domain, built_in
from tests.measures.networks import network


@pytest.mark.parametrize("name", ["gray", "edges"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_turn_is_what_settling_does(name, channels):
    generator, domain = network(source_channels=channels).eval(), built_in(name)
    state = noise((3, 32, 32), 2, seed=0)
    translator = Translator(Model(generator, {name: domain}, name, {}))
    once = translator.translate(images.from_tensor(state), Options(settle=1))
    loop = Loop(generator, domain)
    for result, turned in zip(once, images.from_tensor(loop(loop(state))), strict=True):
        assert np.array_equal(result.output, turned)


def test_the_smooth_turn_is_the_same_but_for_rounding_and_has_a_derivative():
    loop = Loop(network(normalisation="none"), built_in("gray"))
    state = noise((3, 32, 32), 2, seed=0)
    assert torch.allclose(loop.smooth(state), loop(state), atol=0.02)
    radius = spectral_radius(loop.smooth, state[:1], 20)
    gain = largest_singular_value(loop.smooth, state[:1], 20)
    assert 0 < radius <= gain * 1.05


def test_the_generator_is_copied_and_stays_as_it_was():
    generator = network(dropout=0.5).train()
    loop = Loop(generator, built_in("gray"))
    state = noise((3, 32, 32), 2, seed=0)
    assert torch.equal(loop(state), loop(state))
    assert generator.training
    assert all(p.requires_grad for p in generator.parameters())


def test_loops_that_cannot_be_are_refused():
    contour = Loop(network(), built_in("edges"))
    assert not contour.is_smooth
    with pytest.raises(ConfigError, match="domain edges: has no derivative"):
        contour.smooth(noise((3, 32, 32), 1, seed=0))
    with pytest.raises(ConfigError, match="sources were imported"):
        Loop(network(), Domain(name="sketch", kind="imported"))


def test_a_gray_target_can_be_fed_back():
    loop = Loop(Generator(size=32, width=4, target_channels=1), built_in("gray"))
    state = noise((1, 32, 32), 2, seed=0)
    assert loop(state).shape == loop.smooth(state).shape == state.shape
