"""The foreign U-Net is written down here once more, from its description, as the reference."""

import pytest
import torch
from torch import nn

from nekogao.errors import WeightsError
from nekogao.models import file
from nekogao.models.junyanz import read_junyanz_unet


class Level(nn.Module):
    """One nested level: its `model` holds the way down, the level inside it, and the way up.

    LeakyReLU works in place on the level's input, so the skip carries the activated tensor.
    """

    def __init__(self, outside, inside, norm, *, inner=None, channels=None):
        super().__init__()
        outermost, innermost = channels is not None, inner is None
        biased = norm is nn.InstanceNorm2d
        parts = [] if outermost else [nn.LeakyReLU(0.2, inplace=True)]
        parts.append(nn.Conv2d(channels or outside, inside, 4, 2, 1, bias=biased))
        if not (outermost or innermost):
            parts.append(norm(inside))
        parts += [] if innermost else [inner]
        parts.append(nn.ReLU(inplace=True))
        wide = inside if innermost else 2 * inside
        parts.append(nn.ConvTranspose2d(wide, outside, 4, 2, 1, bias=biased or outermost))
        parts.append(nn.Tanh() if outermost else norm(outside))
        self.model, self.outermost = nn.Sequential(*parts), outermost

    def forward(self, x):
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class Reference(nn.Module):
    def __init__(self, levels, width, norm, source=1, target=3):
        super().__init__()
        level = Level(8 * width, 8 * width, norm)
        for _ in range(levels - 5):
            level = Level(8 * width, 8 * width, norm, inner=level)
        for factor in (4, 2, 1):
            level = Level(factor * width, 2 * factor * width, norm, inner=level)
        self.model = Level(target, width, norm, inner=level, channels=source)

    def forward(self, x):
        return self.model(x)


def reference(levels, norm, width=4, **channels):
    torch.manual_seed(levels)
    network = Reference(levels, width, norm, **channels)
    network.train()
    with torch.no_grad():  # running statistics worth comparing
        for _ in range(3):
            network(torch.randn(2, channels.get("source", 1), 2**levels, 2**levels))
    return network.eval()


@pytest.mark.parametrize("levels", [7, 8])
@pytest.mark.parametrize("norm", [nn.BatchNorm2d, nn.InstanceNorm2d])
@pytest.mark.parametrize("channels", [{}, {"source": 3, "target": 1}])
def test_the_same_weights_give_the_same_output(levels, norm, channels):
    theirs = reference(levels, norm, **channels)
    ours = read_junyanz_unet(theirs.state_dict()).network
    x = torch.randn(2, channels.get("source", 1), 2**levels, 2**levels)
    with torch.no_grad():
        assert (ours(x) - theirs(x.clone())).abs().max() < 1e-5


def weights():
    return reference(7, nn.BatchNorm2d).state_dict()


def test_files_without_batch_counters_are_read():
    state = {k: v for k, v in weights().items() if not k.endswith("num_batches_tracked")}
    assert read_junyanz_unet(state).size == (2**7, 2**7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("model.model.1.model.1.weight"), "lacks model.model.1.model.1.weight"),
        (lambda s: s.update({"model.extra": torch.zeros(1)}), "the unknown key model.extra"),
        (lambda s: s.update({"model.model.0.bias": torch.zeros(4)}), "unknown key .*0.bias"),
        (lambda s: s.update({"model.model.3.bias": torch.zeros(9)}), r"shape \(9,\), expected"),
        (lambda s: s.update({"model.model.0.weight": torch.zeros(4)}), r"shape \(4,\), which no"),
        (lambda s: s.update({"model.model.0.weight": torch.zeros(4, 1, 3, 3)}), "which no layer"),
        (lambda s: s.update({"model.model.0.weight": torch.zeros(4, 1, 4, 4).int()}), "int32"),
        (lambda s: s.update({"model.model.3.weight": torch.zeros(())}), "which no layer"),
        (lambda s: s.update({"model.model.0.weight": torch.zeros(4, 7, 4, 4)}), "7 source and 3"),
        (lambda s: s.update({"model.model.0.weight": torch.zeros(0, 1, 4, 4)}), "the width 0"),
        (lambda s: s.update({"module.model.model.3.bias": torch.zeros(3)}), "3.bias' twice"),
        (lambda s: s.update({"_orig_mod": torch.zeros(3)}), "the unknown key"),
        (lambda s: s.update({"a\n\x1b[31m": torch.zeros(3)}), "the unknown key"),
        (lambda s: s.clear(), "not a unet_128 or unet_256: found 0 levels"),
    ],
)
def test_every_key_is_strict(change, message):
    state = weights()
    change(state)
    with pytest.raises(WeightsError, match=message) as caught:
        read_junyanz_unet(state)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "module._orig_mod.", "module.module."]
)
def test_prefixes_of_data_parallel_and_of_compiled_networks_are_taken_off(prefix):
    plain = read_junyanz_unet(weights()).network.state_dict()
    prefixed = {prefix + key: value for key, value in weights().items()}
    inside = {key.replace("model.", "model._orig_mod.", 1): v for key, v in weights().items()}
    for state in (prefixed, inside):
        read = read_junyanz_unet(state).network.state_dict()
        assert all(torch.equal(read[key], value) for key, value in plain.items())


def test_weights_that_are_not_finite_are_refused(tmp_path):
    state = weights()
    state["model.model.3.bias"][0] = float("nan")
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match="net.pth: up.6.up.bias is not finite .1 of 3 values"):
        file.load(tmp_path / "net.pth")


def test_a_shallower_network_is_refused():
    with pytest.raises(WeightsError, match="found 6 levels instead of 7 or 8"):
        read_junyanz_unet(reference(6, nn.BatchNorm2d).state_dict())
