"""What is the same on CUDA; skipped where there is no such device."""

import pytest
import torch

import nekogao
from nekogao.config.plain import train_config
from nekogao.nets.muon import orthogonal
from nekogao.runs.folder import Run
from tests.conftest import TINY

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
MUON = {"optimizer": {"kind": "muon"}, "losses": {"ssim": 30.0}}


def trained(pair_set, folder, **changes):
    list(nekogao.train(folder, pair_set, train_config({**TINY, **changes})))
    return Run.open(folder)


@pytest.mark.parametrize("settings", [{}, MUON])
@pytest.mark.parametrize(("precision", "bound"), [("32-true", 0.01), ("bf16-mixed", 0.05)])
def test_a_run_ends_like_one_on_the_cpu(pair_set, tmp_path, precision, bound, settings):
    plain = {"generator": {"width": 8, "skips": "all"}, "phases": ["edges:4"], **settings}
    ends = [
        trained(pair_set, tmp_path / where, **plain, accelerator=where, precision=kind)
        for where, kind in (("cpu", "32-true"), ("cuda", precision))
    ]
    cpu, cuda = (run.read_metrics()[-1] for run in ends)
    assert cuda.mae == pytest.approx(cpu.mae, abs=bound)


@pytest.mark.parametrize("settings", [{}, MUON])
def test_a_run_that_was_stopped_ends_with_the_same_weights(pair_set, tmp_path, settings):
    whole = trained(pair_set, tmp_path / "whole", accelerator="cuda", **settings)
    config = train_config({**TINY, "accelerator": "cuda", **settings})
    stops = iter([False, True])
    list(nekogao.train(tmp_path / "cut", pair_set, config, stop=lambda: next(stops, False)))
    list(nekogao.train(tmp_path / "cut", pair_set, config))
    assert (tmp_path / "cut" / "model.safetensors").read_bytes() == whole.model.read_bytes()


@pytest.mark.parametrize("shape", [(16, 40), (16, 400), (40, 16)])
def test_a_matrix_is_made_orthogonal_as_on_the_cpu(shape):
    torch.manual_seed(0)
    matrix = torch.randn(*shape)
    assert torch.allclose(orthogonal(matrix.cuda()).cpu(), orthogonal(matrix), atol=0.03)
