import tomllib

import pytest

import nekogao
from nekogao.config.compose import compose, parse_overrides, recipe_names, recipes
from nekogao.config.plain import dump_toml, to_dict, train_config
from nekogao.config.schema import Phase
from nekogao.errors import ConfigError, InputError


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_survives_toml_and_back(name):
    config = compose(name)
    assert train_config(tomllib.loads(dump_toml(to_dict(config)))) == config


def test_the_recipes_are_these_and_each_has_a_line():
    assert (
        list(recipes()) == recipe_names() == ["article", "exemplar", "fast", "one-pair", "pix2pix"]
    )
    assert all(line.endswith(".") and len(line) < 110 for line in recipes().values())
    with pytest.raises(ConfigError, match="unknown recipe 'slow'. Choose from article, exemplar"):
        compose("slow")


def test_the_default_is_fast_and_no_recipe_means_the_defaults():
    assert compose() == compose("fast")
    assert compose(None) == nekogao.TrainConfig()


def test_the_article_recipe_is_the_article():
    config = compose("article")
    model = config.model
    assert (config.batch, model.optimizer.lr, model.losses.l1) == (5, 1e-3, 30.0)
    assert (model.generator.norm_eps, model.generator.norm_momentum) == (1e-3, 0.01)
    assert (model.generator.skips, model.adversary.kind) == ("innermost", "article")


def test_each_argument_lies_over_what_comes_before_it():
    config = compose(
        "article",
        generator="unet",
        phases=["edges:1", nekogao.Phase(domains=("gray",), epochs=2)],
        seed=7,
        overrides={"generator.width": 3, "batch": 2, "phases": ["all:9"]},
    )
    assert (config.model.generator.skips, config.model.generator.width) == ("all", 3)
    assert (config.seed, config.batch, config.phases) == (7, 2, ("all:9",))
    assert compose("fast", phases=["edges:1"], seed=0).phases == ("edges:1",)


def test_a_toml_file_or_a_run_toml_can_be_the_recipe(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("batch = 3\n[generator]\nwidth = 5\n")
    assert (compose(path).batch, compose(path).model.generator.width) == (3, 5)
    path.write_text("[train]\nbatch = 4\n[train.model]\nkind = 'convolutional'\n"
                    "[train.model.generator]\nwidth = 6\n")  # fmt: skip
    longer = compose(path, overrides={"generator.kernel": 3, "model.generator.skips": "all"})
    generator = longer.model.generator
    assert (longer.batch, generator.width, generator.kernel) == (4, 6, 3)
    assert generator.skips == "all"
    with pytest.raises(InputError, match="no such file"):
        compose(tmp_path / "absent.toml")


@pytest.mark.parametrize("text", ["train = 3", "model = 3", "[model.generator]\nwidth = 1\n"
                                  "[generator]\nwidth = 2"])  # fmt: skip
def test_a_file_that_contradicts_itself_is_refused(text, tmp_path):
    path = tmp_path / "a.toml"
    # Top-level keys must come before tables.
    path.write_text(text)
    with pytest.raises(ConfigError, match="must be a table|are both given"):
        compose(path)


def test_overrides_are_toml_or_bare_words():
    assignments = ["generator.width=32", "generator.skips=all", "batch=3", 'phases=["a:1"]',
                   "optimizer.lr=1e-3"]  # fmt: skip
    assert parse_overrides(assignments) == {
        "generator.width": 32, "generator.skips": "all", "batch": 3, "phases": ["a:1"],
        "optimizer.lr": 1e-3,
    }  # fmt: skip


@pytest.mark.parametrize("bad", ["width", "=3", "a..b=3", ".a=3"])
def test_a_bad_override_is_refused(bad):
    with pytest.raises(ConfigError, match="--set"):
        parse_overrides([bad])


def test_a_name_below_a_single_value_is_refused():
    with pytest.raises(ConfigError, match=r"replay.x = 1: replay is a single value"):
        compose(overrides={"replay.x": 1})


def test_named_generators_lie_over_the_recipe():
    generator = compose("article", generator="unet").model.generator
    assert generator.skips == "all" and generator.kernel == 3
    paper = compose(None, generator="unet-256").model.generator
    assert (paper.kernel, paper.upsampling, paper.size) == (4, "transposed", 256)
    with pytest.raises(ConfigError, match="unknown generator 'resnet'"):
        compose(generator="resnet")


def test_numbers_may_stand_for_names():
    config = compose(overrides={"adversary.patch": 16, "generator.skips": 5})
    assert (config.model.adversary.patch, config.model.generator.skips) == ("16", "5")


def test_a_generator_freed_of_its_patches_gets_fewer_channels():
    fast = compose("fast", generator="unet").model.generator
    assert (fast.patch, fast.width, fast.skips) == (1, 16, "all")
    assert compose("article", generator="unet").model.generator.width == 64


def test_one_phase_may_be_given_as_it_is():
    for phase in ("all:3", Phase.parse("all:3"), ["all:3"]):
        assert compose("fast", phases=phase).phases == ("all:3",)
