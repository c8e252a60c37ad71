"""PyTorch as a command imports it is PyTorch."""

import subprocess
import sys

import pytest

import nekogao.lean


def run(code):
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


def test_what_was_left_out_is_read_when_it_is_asked_for():
    code = """
import gc, sys
from nekogao import lean
lean.prepare(); lean.prepare()
assert sum(isinstance(finder, lean._Finder) for finder in sys.meta_path) == 1
import torch
torch.Generator().manual_seed(1)
print(gc.isenabled(), gc.get_freeze_count() > 10_000)
names = vars(torch._meta_registrations)
print("meta_index_Tensor" in names, "torch._refs" in sys.modules, hasattr(torch, "nonsense"))
import torch._decomp.decompositions
x = torch.empty(2, 3, 8, 8, device="meta")
print(callable(torch._meta_registrations.meta_index_Tensor), "meta_index_Tensor" in names)
print(tuple(torch.nn.functional.conv2d(x, torch.empty(4, 3, 3, 3, device="meta")).shape) ==
      (2, 4, 6, 6), torch.stft(torch.zeros(512), 64, return_complex=True).shape[0] == 33)
"""
    assert run(code) == 2 * ["True"] + 3 * ["False"] + 4 * ["True"]


@pytest.mark.parametrize(
    "part",
    [
        "torch._dynamo",
        *(pytest.param(part, marks=pytest.mark.slow)
          for part in ("torch._prims.rng_prims", "torch.onnx", "lightning_fabric")),
    ],
)  # fmt: skip
def test_parts_that_are_imported_later_find_it_read(part):
    code = f"""
from nekogao import lean
lean.prepare()
import sys, torch
before = "meta_index_Tensor" in vars(torch._meta_registrations)
import {part}
print(before, "meta_index_Tensor" in vars(torch._meta_registrations))
torch.optim.Adam(torch.nn.Linear(2, 2).parameters())
import torch._prims.context, torch._refs.special, torch._prims as prims
assert torch._prims is prims is sys.modules["torch._prims"] and prims.__path__ and prims.add
"""
    assert run(code) == ["False", "True"]


def test_a_library_imports_pytorch_as_it_is():
    code = """
import sys, nekogao
nekogao.Translator
print("nekogao.lean" in sys.modules, "torch._refs" in sys.modules)
"""
    assert run(code) == ["False", "True"]
    assert "torch" not in vars(nekogao.lean)  # which would come too late
