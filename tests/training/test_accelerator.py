import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError
from nekogao.training.accelerator import accelerated, arrange


def test_training_on_one_cpu_imports_neither_fabric_nor_the_compiler(pair_set, tmp_path):
    code = (
        "import sys, nekogao\n"
        "config = nekogao.compose(phases=['edges:1'], overrides={'generator.width': 1})\n"
        "list(nekogao.train(*sys.argv[1:3], config))\n"
        "names = 'lightning_fabric', 'torch._dynamo', 'torch._inductor'\n"
        "sys.exit(any(name in sys.modules for name in names))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "run"), str(pair_set)]
    assert subprocess.run(command).returncode == 0


def test_the_plain_cpu_and_fabric_give_the_same_gradients():
    gradients = []
    for precision in ("32-true", "bf16-mixed"):
        with accelerated(TrainConfig(accelerator="cpu", precision=precision)) as each:
            torch.manual_seed(0)
            network = nn.Linear(4, 2)
            network, optimizer = each.setup(network, torch.optim.SGD(network.parameters(), 0.1))
            each.backward(network(torch.ones(3, 4)).square().sum())
            gradients.append(next(network.parameters()).grad.clone())
            optimizer.step()
            assert each.device.type == "cpu"
    assert (gradients[0] - gradients[1]).abs().max() < 0.02 * gradients[0].abs().max()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_there_is_refused():
    wanted = accelerated(TrainConfig(accelerator="cuda"))
    with pytest.raises(ConfigError, match="accelerator cuda, .* not available here"):
        wanted.__enter__()


def test_only_cuda_wants_channels_last():
    network = nn.Conv2d(4, 4, 3)
    arrange(network, torch.device("cpu"))
    assert network.weight.is_contiguous()
    arrange(network, torch.device("cuda"))
    assert network.weight.is_contiguous(memory_format=torch.channels_last)


def test_what_is_no_convolution_keeps_its_layout_on_cuda():
    """The exemplar family's pairs have five axes; PyTorch refuses such a tensor this layout."""
    store = nn.Module()
    store.register_buffer("sources", torch.zeros(2, 3, 1, 4, 4, dtype=torch.uint8))
    store.register_parameter("matrix", nn.Parameter(torch.zeros(4, 5)))
    assert arrange(store, torch.device("cuda")) is store
    assert store.sources.is_contiguous() and store.matrix.is_contiguous()


def test_only_what_training_changed_is_changed_back(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setenv("MINE", "before")
    threads = torch.get_num_threads()
    with accelerated(TrainConfig(accelerator="cpu", precision="bf16-mixed", threads=threads + 1)):
        assert torch.get_num_threads() == threads + 1
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"]
        os.environ["MINE"] = "while training"
    assert torch.get_num_threads() == threads
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    assert os.environ["MINE"] == "while training"
    with accelerated(TrainConfig(accelerator="cpu")):
        torch.set_num_threads(threads + 1)
    assert torch.get_num_threads() == threads + 1, "nobody asked for another number"
    torch.set_num_threads(threads)
