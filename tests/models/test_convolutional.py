import pytest
import torch

from nekogao.config.compose import compose
from nekogao.config.convolutional import OptimizerConfig
from nekogao.errors import ConfigError
from nekogao.models.convolutional import CONVOLUTIONAL, decayed, operations, resolve, shape
from nekogao.models.families import resolved
from nekogao.pairs.item import Header
from nekogao.pictures.domains import built_in
from nekogao.sizes import Size
from tests.networks import generator, sources


def header(size):
    return Header(size=Size.of(size), target_channels=3, domains={"edges": built_in("edges")})


@pytest.mark.parametrize(
    ("decay", "rates"),
    [("none", [1, 1, 1]), ("linear", [1, 1, 0.505]), ("cosine", [1, 0.505, 0.155])],
)
def test_the_learning_rate_falls_within_each_phase(decay, rates):
    config = OptimizerConfig(decay=decay)
    found = [decayed(config, progress) for progress in (0.0, 0.5, 0.75)]
    assert found == pytest.approx(rates, abs=0.003)


@pytest.mark.parametrize(
    ("size", "patch"),
    [(32, 4), (128, 16), (512, 64), ("192x256", 32), ("45x33", 4), ("512x63", 8)],
)
def test_the_patch_that_is_used_is_what_the_configuration_says(size, patch):
    config = resolve(compose("fast").model, header(size), 10)
    assert config.generator.patch == shape(config, header(size))["patch"] == patch
    assert resolve(config, header(size), 10) == config


@pytest.mark.parametrize(
    ("pairs", "width", "layers"),
    [(1, 128, "outer"), (31, 192, "all"), (100, 256, "all"), (300, 384, "all")],
)
def test_the_number_of_pairs_decides_what_is_left_to_it(pairs, width, layers):
    config = resolve(compose("fast").model, header(128), pairs)
    assert (config.generator.width, config.optimizer.layers) == (width, layers)
    assert resolve(config, header(128), 5) == config  # once and for all
    asked = {"generator.width": 24, "optimizer.layers": "all"}
    config = resolve(compose("fast", overrides=asked).model, header(128), pairs)
    assert (config.generator.width, config.optimizer.layers) == (24, "all")


def test_a_network_needs_its_width():
    with pytest.raises(ConfigError, match="width = 'auto': depends on the pair set"):
        shape(compose("fast").model, header(64))


@pytest.mark.parametrize(
    ("size", "pairs", "batch"),
    [(128, 7, 7), (128, 300, 100), (256, 100, 25), (512, 100, 10), ("192x256", 40, 33)],
)
def test_a_batch_holds_what_memory_bears(size, pairs, batch):
    assert resolved(compose("fast"), header(size), pairs).batch == batch
    assert resolved(compose("article"), header(size), pairs).batch == compose("article").batch
    assert resolved(compose("exemplar"), header(size), pairs) == compose("exemplar")


def test_another_size_is_refused():
    with pytest.raises(ConfigError, match="generator.size 256: the pair set is 32x32. Rebuild it"):
        shape(compose(generator="unet-256").model, header(32))
    with pytest.raises(ConfigError, match="size 31x48: each side must be from 32 to 512"):
        CONVOLUTIONAL.check_size(Size(31, 48))


def test_views_follow_the_picture_through_the_network():
    network = generator(skips="innermost").eval()
    shown = sources(3)
    with torch.no_grad():
        found = CONVOLUTIONAL.views(network, shown)
        output = network(shown)
    levels = [f"level-{level}" for level in range(1, 6)]
    decoded = [f"decoder-{level}" for level in range(1, 5)]
    assert list(found) == [*levels, "decoder-input", *decoded, "output"]
    assert torch.equal(found["output"], output.flatten(1))
    assert torch.equal(found["level-2"], network.encode(shown)[1].flatten(1))
    assert all(len(view) == 3 and view.ndim == 2 for view in found.values())


def test_operations_grow_with_the_batch_and_count_the_adversary():
    plain, judged = compose("pix2pix", overrides={"adversary.kind": "none"}), compose("pix2pix")
    assert operations(plain, header(128), 4) == 4 * operations(plain, header(128), 1)
    assert operations(judged, header(128), 1) > operations(plain, header(128), 1)
