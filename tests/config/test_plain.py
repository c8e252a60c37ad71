import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nekogao.config.plain import differences, dump_toml, read_toml, to_dict, train_config
from nekogao.errors import ConfigError, InputError

KNOWN = {"phases", "seed", "batch", "replay", "model", "generator", "augment", "kind", "width",
         "flip", "threads", "losses", "l1", "patch", "skips", "size"}  # fmt: skip


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"generater": {}}, "unknown setting generater. Did you mean generator?"),
        ({"generator": {"widht": 3}}, "unknown setting generator.widht. Did you mean"),
        ({"widht": 3}, "unknown setting widht. Did you mean generator.width?"),
        ({"zzz": 3}, "unknown setting zzz. Known: phases, seed, batch"),
        ({"model": {"zzz": 3}}, "unknown setting zzz. Known: generator, adversary"),
        ({"generator": 3}, "generator = 3: must be a table. Set one of its fields"),
        ({"batch": "five"}, "batch = 'five': must be of type int, as in batch=10, or auto."),
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


@pytest.mark.parametrize("text", [
    "a = " + "[" * 5000 + "]" * 5000, "a = " + "9" * 5000, ".".join("a" * 5000) + " = 1",
    "a = " + "[" * 60 + "]" * 60, "a = \ud800", "a = 1999-99-99", 'a = "\\u0000"',
])  # fmt: skip
def test_a_file_that_no_configuration_looks_like_is_refused_on_one_line(tmp_path, text):
    (tmp_path / "a.toml").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(InputError, match="a.toml: ") as caught:
        read_toml(tmp_path / "a.toml")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="cannot be read"):
        read_toml(tmp_path)


@pytest.mark.parametrize("data", [
    {"batch": 10**30}, {"threads": 10**30}, {"phases": ["edges:" + "9" * 5000]},
    {"replay": 10**400}, {"seed": -1}, {"batch": [1] * 9999}, {"a\nb\x1b[31m": 1},
    {"generator": {"width": {}}}, {"augment": {"flip": []}}, {"model": {"kind": ["x\n"]}},
])  # fmt: skip
def test_a_value_that_cannot_be_is_one_short_line(data):
    with pytest.raises(ConfigError) as caught:
        train_config(data)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 300


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=9) | st.sampled_from(sorted(KNOWN)), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(KNOWN)), JUNK, max_size=4))
def test_any_values_give_a_configuration_or_a_config_error(data):
    try:
        config = train_config(data)
    except ConfigError as error:
        assert str(error).isprintable()
    else:
        assert train_config(to_dict(config)) == config


def test_a_name_that_is_no_text_cannot_be_in_toml():
    with pytest.raises(InputError, match="TOML cannot hold a name that is not UTF-8"):
        dump_toml({"path": "/a/\udce9"})


def test_configurations_made_by_hand_are_checked_as_those_read_are():
    # In this process the type checker of the tests would refuse them first.
    code = """
import nekogao
from nekogao.config.convolutional import GeneratorConfig
phase = nekogao.Phase(domains=("edges",), epochs=3)
assert nekogao.TrainConfig(phases=(phase,)) == nekogao.TrainConfig(phases=("edges:3",))
assert nekogao.TrainConfig(phases=["edges:3"]).phases == ("edges:3",)
for make, wrong in (
    (nekogao.TrainConfig, {"batch": "5"}), (nekogao.TrainConfig, {"phases": "edges:3"}),
    (nekogao.TrainConfig, {"phases": (3,)}), (nekogao.TrainConfig, {"model": {"width": 3}}),
    (nekogao.TrainConfig, {"accelerator": "tpu"}), (nekogao.TrainConfig, {"augment": None}),
    (GeneratorConfig, {"width": 0.5}), (GeneratorConfig, {"skips": 5}),
    (nekogao.PairConfig, {"size": 0.5}), (nekogao.PairConfig, {"domains": "gray"}),
):
    try:
        make(**wrong)
    except nekogao.NekogaoError as e:
        print(e)
    else:
        raise SystemExit(f"{wrong} was taken")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    assert "batch = '5': must be of type int." in ended.stdout
