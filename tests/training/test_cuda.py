"""What is the same on CUDA; skipped where there is no such device."""

import pytest
import torch

import nekogao
from nekogao.config import plain as settings
from nekogao.runs.folder import Run

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def trained(pair_set, folder, base, **changes):
    config = settings.train_config({**settings.to_dict(base), **changes})
    list(nekogao.train(folder, pair_set, config))
    return Run.open(folder)


@pytest.mark.parametrize(("precision", "bound"), [("32-true", 0.01), ("bf16-mixed", 0.05)])
def test_a_run_ends_like_one_on_the_cpu(tiny, pair_set, tmp_path, precision, bound):
    plain = {"generator": {"width": 8, "skips": "all"}, "phases": ["edges:4"]}
    ends = [
        trained(pair_set, tmp_path / where, tiny, **plain, accelerator=where, precision=kind)
        for where, kind in (("cpu", "32-true"), ("cuda", precision))
    ]
    cpu, cuda = (run.read_metrics()[-1] for run in ends)
    assert cuda["mae"] == pytest.approx(cpu["mae"], abs=bound)


def test_a_run_that_was_stopped_ends_with_the_same_weights(tiny, pair_set, tmp_path):
    whole = trained(pair_set, tmp_path / "whole", tiny, accelerator="cuda")
    config = settings.train_config({**settings.to_dict(tiny), "accelerator": "cuda"})
    stops = iter([False, True])
    list(nekogao.train(tmp_path / "cut", pair_set, config, stop=lambda: next(stops, False)))
    list(nekogao.train(tmp_path / "cut", pair_set, config))
    assert (tmp_path / "cut" / "model.safetensors").read_bytes() == whole.model.read_bytes()
