import copy
import math

import pytest
import torch
from torch import nn

from nekogao.nets import muon
from nekogao.nets.muon import Muon, orthogonal


def matrix(rows, columns):
    torch.manual_seed(rows + columns)
    return torch.randn(rows, columns)


@pytest.mark.parametrize("shape", [(8, 200), (24, 60), (40, 40), (60, 24), (200, 8)])
@pytest.mark.parametrize("bfloat16", [False, True])
def test_a_matrix_keeps_its_directions_and_loses_its_singular_values(shape, bfloat16, monkeypatch):
    monkeypatch.setattr(muon, "_has_bfloat16", lambda device: bfloat16)
    given = matrix(*shape)
    given[0] *= 5  # so that singular values differ
    left, values, right = torch.linalg.svd(given, full_matrices=False)
    found = orthogonal(given)
    assert found.shape == given.shape and found.dtype == given.dtype
    turned = left.mT @ found @ right.mT
    inside = values / given.norm() > 0.01
    assert turned.diagonal()[inside].min() > 0.15 and turned.diagonal().max() < 2
    apart = turned - torch.diag(turned.diagonal())
    assert apart.abs().max() < (0.15 if bfloat16 else 0.01)


def test_wide_matrices_are_iterated_by_their_squares_to_the_same(monkeypatch):
    monkeypatch.setattr(muon, "_has_bfloat16", lambda device: False)
    given = matrix(12, 120)
    small = orthogonal(given)
    monkeypatch.setattr(muon, "_WIDE", 1000)
    assert torch.allclose(small, orthogonal(given), atol=1e-4)


def test_nothing_stays_nothing():
    assert not orthogonal(torch.zeros(4, 6)).any() and not orthogonal(torch.zeros(4, 90)).any()


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 2))


def muon_of(layers, lr=1e-3):
    return Muon(layers, [layers[0].weight], lr=lr, betas=(0.9, 0.999), matrix_lr=0.5, momentum=0.9)


def descend(layers, optimizer, steps=1):
    torch.manual_seed(1)
    for _ in range(steps):
        loss = layers(torch.randn(6, 3, 3, 3)).square().sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


def test_chosen_weights_move_by_muon_and_the_others_by_adam():
    ours, theirs = network(), network()
    optimizer = muon_of(ours)
    descend(ours, optimizer)
    descend(theirs, torch.optim.Adam(theirs.parameters(), lr=1e-3))
    pairs = zip(ours.named_parameters(), theirs.named_parameters(), strict=True)
    same = {name: torch.allclose(own, other) for (name, own), (_, other) in pairs}
    assert same == {"0.weight": False, "0.bias": True, "2.weight": True, "2.bias": True}
    moved = (ours[0].weight - network()[0].weight).detach().flatten(1)
    turned = orthogonal(optimizer.state[ours[0].weight]["mean"].flatten(1))
    assert torch.allclose(moved, -0.5 * 0.2 * math.sqrt(27) * turned, atol=1e-5)


def test_an_optimiser_that_was_saved_goes_on_bit_equal():
    whole = network()
    optimizer = muon_of(whole)
    descend(whole, optimizer, 3)
    weights, state = copy.deepcopy((whole.state_dict(), optimizer.state_dict()))
    again = network()
    again.load_state_dict(weights)
    resumed = muon_of(again, lr=7.0)  # the saved one counts
    resumed.load_state_dict(state)
    descend(whole, optimizer, 2)
    descend(again, resumed, 2)
    assert all(map(torch.equal, whole.parameters(), again.parameters()))
