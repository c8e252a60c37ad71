import pytest

from nekogao.config.plain import differences, read_toml, to_dict, train_config
from nekogao.errors import ConfigError, InputError


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"generater": {}}, "unknown setting generater. Did you mean generator?"),
        ({"generator": {"widht": 3}}, "unknown setting generator.widht. Did you mean"),
        ({"widht": 3}, "unknown setting widht. Did you mean generator.width?"),
        ({"zzz": 3}, "unknown setting zzz. Known: phases, seed, batch"),
        ({"model": {"zzz": 3}}, "unknown setting zzz. Known: generator, adversary"),
        ({"generator": 3}, "generator = 3: must be a table. Set one of its fields"),
        ({"batch": "five"}, "batch = 'five': must be of type int, as in batch=10."),
        ({"batch": True}, "batch = True: must be of type int"),
        ({"phases": "edges:3"}, "phases = 'edges:3': must be a list of texts, as in "
                                'phases=["edges:3"]'),
        ({"accelerator": "tpu"}, "accelerator = 'tpu': must be one of auto, cpu, cuda, mps"),
        ({"model": 3}, "model = 3: must be a table"),
        ({"model": {"kind": "none"}}, "unknown family. Choose from convolutional"),
        ({"model": {"generator": {}}, "generator": {}}, "generator and model.generator are both"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_its_remedy(data, message):
    with pytest.raises(ConfigError) as caught:
        train_config(data)
    assert message in str(caught.value)


def test_settings_of_the_family_may_be_given_in_short_or_in_full():
    short = train_config({"generator": {"width": 3}})
    full = {"model": {"kind": "convolutional", "generator": {"width": 3}}}
    assert train_config(full) == short and short.model.generator.width == 3
    assert to_dict(short)["model"]["kind"] == "convolutional"


def test_differences_name_the_field_and_skip_what_changes_nothing():
    old = train_config({})
    new = train_config({"optimizer": {"lr": 1.0}, "checkpoint_seconds": 1})
    assert differences(old, new) == [("optimizer.lr", old.model.optimizer.lr, 1.0)]


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    (tmp_path / "a.toml").write_text("= 3")
    with pytest.raises(InputError, match="is not TOML"):
        read_toml(tmp_path / "a.toml")
    with pytest.raises(InputError, match="no such file"):
        read_toml(tmp_path / "b.toml")
