import numpy as np

from nekogao.bench import translation
from nekogao.bench.findings import Workplace
from nekogao.models.translator import Translator


def test_an_untrained_model_translates(tmp_path):
    translator = Translator.load(translation.save_untrained("fast", tmp_path / "m.safetensors"))
    assert translator(np.zeros((9, 9, 3), np.uint8)).output.shape == (128, 128, 3)


def test_help_is_measured_as_a_whole_process(tmp_path):
    found = translation.show_help(Workplace(tmp_path, tmp_path, quick=True))
    assert [row.name for row in found.rows] == ["help"] and len(found.numbers.seconds) == 2
