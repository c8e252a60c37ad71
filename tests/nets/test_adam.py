import inspect
import subprocess
import sys

import torch
from torch import nn

from nekogao.nets.adam import Adam


def trained(make):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 2))
    optimizer = make(network)
    for _ in range(5):
        loss = network(torch.randn(6, 3, 3, 3)).square().sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in network.parameters()]), optimizer


def test_it_is_adam_bit_for_bit():
    ours, optimizer = trained(lambda network: Adam(network.parameters(), 1e-2, (0.5, 0.999)))
    theirs, reference = trained(
        lambda network: torch.optim.Adam(
            network.parameters(), lr=1e-2, betas=(0.5, 0.999), fused=True
        )
    )
    assert torch.equal(ours, theirs)
    kept, expected = optimizer.state_dict(), reference.state_dict()
    assert kept["param_groups"] == expected["param_groups"]
    for index, state in expected["state"].items():
        assert all(torch.equal(value, kept["state"][index][name]) for name, value in state.items())


def test_it_leaves_the_compiler_out():
    code = (
        "import sys, torch\n"
        "from nekogao.nets.adam import Adam\n"
        "network = torch.nn.Linear(2, 2)\n"
        "optimizer = Adam(network.parameters(), 1e-3, (0.9, 0.999))\n"
        "network(torch.ones(1, 2)).sum().backward()\n"
        "optimizer.step()\n"
        "optimizer.zero_grad(set_to_none=True)\n"
        "optimizer.load_state_dict(optimizer.state_dict())\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_it_changes_nothing_in_pytorchs_own_class():
    names = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")
    before = {name: dict(vars(getattr(torch.optim.Optimizer, name))) for name in names}
    plain = {
        name: dict(vars(inspect.unwrap(getattr(torch.optim.Optimizer, name)))) for name in names
    }
    trained(lambda network: Adam(network.parameters(), 1e-3, (0.9, 0.999)))
    for name in names:
        method = getattr(torch.optim.Optimizer, name)
        assert dict(vars(method)) == before[name]
        assert dict(vars(inspect.unwrap(method))) == plain[name]
