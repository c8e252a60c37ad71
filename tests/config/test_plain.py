import tomllib

import pytest

from nekogao.config import plain as settings
from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError, InputError


@pytest.mark.parametrize("name", settings.recipe_names())
def test_every_recipe_survives_toml_and_back(name):
    config = settings.from_dict(TrainConfig, settings.recipe(name))
    text = settings.dump_toml(settings.to_dict(config))
    assert settings.from_dict(TrainConfig, tomllib.loads(text)) == config


def test_the_recipes_are_these():
    assert settings.recipe_names() == ["article", "fast", "one-pair", "pix2pix"]
    with pytest.raises(ConfigError, match="unknown recipe 'slow'. Choose from article, fast"):
        settings.recipe("slow")


def test_the_article_recipe_is_the_article():
    config = settings.from_dict(TrainConfig, settings.recipe("article"))
    assert (config.batch, config.optimizer.lr, config.losses.l1) == (5, 1e-3, 30.0)
    assert (config.generator.norm_eps, config.generator.norm_momentum) == (1e-3, 0.01)
    assert (config.generator.skips, config.adversary.kind) == ("innermost", "article")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"generater": {}}, "unknown setting generater. Did you mean generator?"),
        ({"generator": {"widht": 3}}, "unknown setting generator.widht. Did you mean"),
        ({"generator": 3}, "generator = 3: must be a table"),
        ({"batch": "five"}, "batch = 'five': must be of type int"),
        ({"batch": True}, "batch = True: must be of type int"),
        ({"phases": "edges:3"}, "phases = 'edges:3': must be a list of texts"),
        ({"accelerator": "tpu"}, "accelerator = 'tpu': must be one of auto, cpu, cuda, mps"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(data, message):
    with pytest.raises(ConfigError) as caught:
        settings.from_dict(TrainConfig, data)
    assert message in str(caught.value)


def test_overrides_are_toml_or_bare_words():
    data = settings.apply_overrides(
        {"generator": {"width": 8}},
        [
            "generator.width=32",
            "generator.skips=all",
            "batch=3",
            'phases=["a:1"]',
            "optimizer.lr=1e-3",
        ],
    )
    assert data == {
        "generator": {"width": 32, "skips": "all"}, "batch": 3, "phases": ["a:1"],
        "optimizer": {"lr": 1e-3},
    }  # fmt: skip


@pytest.mark.parametrize("bad", ["width", "=3", "a.b.c=3", "batch.x=1"])
def test_a_bad_override_is_refused(bad):
    with pytest.raises(ConfigError, match="--set"):
        settings.apply_overrides({"batch": 3}, [bad])


def test_named_generators_lay_over_the_recipe():
    data = settings.apply_generator(settings.recipe("article"), "unet")
    config = settings.from_dict(TrainConfig, data)
    assert config.generator.skips == "all" and config.generator.kernel == 3
    paper = settings.from_dict(TrainConfig, settings.apply_generator({}, "unet-256")).generator
    assert (paper.kernel, paper.upsampling, paper.size) == (4, "transposed", 256)
    with pytest.raises(ConfigError, match="unknown generator 'resnet'"):
        settings.apply_generator({}, "resnet")


def test_differences_name_the_field_and_skip_what_changes_nothing():
    old = settings.from_dict(TrainConfig, {})
    new = settings.from_dict(TrainConfig, {"optimizer": {"lr": 1.0}, "checkpoint_seconds": 1})
    assert settings.differences(old, new) == [("optimizer.lr", old.optimizer.lr, 1.0)]


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    (tmp_path / "a.toml").write_text("= 3")
    with pytest.raises(InputError, match="is not TOML"):
        settings.read_toml(tmp_path / "a.toml")
    with pytest.raises(InputError, match="no such file"):
        settings.read_toml(tmp_path / "b.toml")


def test_numbers_may_stand_for_names():
    data = settings.apply_overrides({}, ["adversary.patch=16", "generator.skips=5"])
    config = settings.from_dict(TrainConfig, data)
    assert (config.adversary.patch, config.generator.skips) == ("16", "5")


def test_a_generator_freed_of_its_patches_gets_fewer_channels():
    fast = settings.apply_generator(settings.recipe("fast"), "unet")["generator"]
    assert (fast["patch"], fast["width"], fast["skips"]) == (1, 16, "all")
    article = settings.apply_generator(settings.recipe("article"), "unet")["generator"]
    assert article["width"] == 64
    bare = settings.apply_generator({"generator": {"patch": 4}}, "unet")["generator"]
    assert (bare["patch"], bare["width"]) == (1, 16)
