import subprocess
import sys

import pytest
import torch
from torch import nn

from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError
from nekogao.training import accelerator as engine


def test_one_cpu_needs_no_fabric():
    code = (
        "import sys\n"
        "from nekogao.config.schema import TrainConfig\n"
        "from nekogao.training import engine\n"
        "engine.choose(TrainConfig(accelerator='cpu'))\n"
        "sys.exit('lightning_fabric' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_plain_cpu_and_fabric_give_the_same_gradients():
    chosen = [
        engine.choose(TrainConfig(accelerator="cpu", precision=precision))
        for precision in ("32-true", "bf16-mixed")
    ]
    gradients = []
    for each in chosen:
        torch.manual_seed(0)
        network = nn.Linear(4, 2)
        network, optimizer = each.setup(network, torch.optim.SGD(network.parameters(), 0.1))
        each.backward(network(torch.ones(3, 4)).square().sum())
        gradients.append(next(network.parameters()).grad.clone())
        optimizer.step()
    assert [each.device.type for each in chosen] == ["cpu", "cpu"]
    assert (gradients[0] - gradients[1]).abs().max() < 0.02 * gradients[0].abs().max()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="accelerator cuda, .* not to be had here"):
        engine.choose(TrainConfig(accelerator="cuda"))


def test_only_cuda_wants_channels_last():
    network = nn.Conv2d(4, 4, 3)
    engine.arrange(network, torch.device("cpu"))
    assert network.weight.is_contiguous()
    engine.arrange(network, torch.device("cuda"))
    assert network.weight.is_contiguous(memory_format=torch.channels_last)
