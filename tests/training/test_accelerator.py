import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError
from nekogao.training.accelerator import accelerated, arrange, choose


def test_one_cpu_needs_no_fabric():
    code = (
        "import sys\n"
        "from nekogao.config.schema import TrainConfig\n"
        "from nekogao.training.accelerator import choose\n"
        "choose(TrainConfig(accelerator='cpu'))\n"
        "sys.exit('lightning_fabric' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_plain_cpu_and_fabric_give_the_same_gradients():
    chosen = [
        choose(TrainConfig(accelerator="cpu", precision=precision))
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
    with pytest.raises(ConfigError, match="accelerator cuda, .* not available here"):
        choose(TrainConfig(accelerator="cuda"))


def test_only_cuda_wants_channels_last():
    network = nn.Conv2d(4, 4, 3)
    arrange(network, torch.device("cpu"))
    assert network.weight.is_contiguous()
    arrange(network, torch.device("cuda"))
    assert network.weight.is_contiguous(memory_format=torch.channels_last)


def test_the_process_is_left_as_it_was(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    config = TrainConfig(accelerator="cpu", precision="bf16-mixed", threads=threads + 1)
    with accelerated(config):
        assert torch.get_num_threads() == threads + 1
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"]
        torch.use_deterministic_algorithms(True, warn_only=True)
    assert torch.get_num_threads() == threads
    assert torch.are_deterministic_algorithms_enabled() == deterministic
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
