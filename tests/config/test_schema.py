import pytest
from hypothesis import given
from hypothesis import strategies as st

from nekogao.config.plain import train_config
from nekogao.config.schema import AugmentConfig, Phase
from nekogao.errors import ConfigError

DOMAINS = st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True), min_size=1, max_size=3,
                   unique=True)  # fmt: skip


@given(DOMAINS, st.integers(1, 10**6))
def test_a_phase_reads_what_it_writes(domains, epochs):
    phase = Phase(domains=tuple(domains), epochs=epochs)
    assert Phase.parse(str(phase)) == phase


@pytest.mark.parametrize(
    "text",
    ["", "edges", "edges:", ":5", "edges:0", "edges:-1", "edges:1.5", "a+:3", "a+a:3", "e:²"],
)
def test_a_bad_phase_is_refused_by_name(text):
    with pytest.raises(ConfigError, match="must be DOMAIN:EPOCHS"):
        Phase.parse(text)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch": 0}, r"batch = 0: must be at least 1"),
        ({"batch": "all"}, r"batch = 'all': must be of type int, as in batch=10, or auto"),
        ({"generator": {"width": 0}}, r"generator.width = 0: must be from 1 to 512, or auto"),
        ({"optimizer": {"layers": "inner"}}, r"optimizer.layers = 'inner': must be one of auto"),
        ({"optimizer": {"momentum": 1.0}}, r"optimizer.momentum = 1.0: must be in \[0, 1\)"),
        ({"phases": []}, r"phases = \(\): must name at least one phase"),
        ({"seed": -1}, r"seed = -1"),
        ({"generator": {"kernel": 5}}, r"generator.kernel = 5: must be 3 or 4"),
        ({"generator": {"dropout": 1.0}}, r"generator.dropout = 1.0: must be in \[0, 1\)"),
        ({"optimizer": {"lr": 0}}, r"optimizer.lr = 0.0: must be positive"),
        ({"losses": {"l1": 0}}, r"some loss must have a positive weight"),
        ({"augment": {"flip": 2}}, r"augment.flip = 2.0: must be in \[0, 1\]"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(settings, message):
    with pytest.raises(ConfigError, match=message):
        train_config(settings)


def test_augmentation_is_off_by_default():
    assert not AugmentConfig().active
    assert AugmentConfig(noise=0.1).active
