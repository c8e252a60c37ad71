import pytest
import torch

from nekogao.config.plain import from_dict
from nekogao.config.schema import TrainConfig
from nekogao.pairs.draws import Draws
from nekogao.pairs.pair_set import Batch, PairSet
from nekogao.training.state import new_state
from nekogao.training.update import update

KINDS = {
    "none": {},
    "patchgan": {"patch": "16", "width": 4},
    "article": {"width": 4},
}


def prepare(pair_set, kind="patchgan", **settings):
    config = from_dict(
        TrainConfig,
        {"generator": {"width": 4, "dropout": 0.5}, "adversary": {"kind": kind, **KINDS[kind]},
         **settings},
    )  # fmt: skip
    pairs = PairSet.open(pair_set)
    drawn = Draws(count=len(pairs), size=2, seed=0).draw(0, ["gray"])
    return config, new_state(config, pairs.header, 2), pairs.batch(drawn)


def step(config, state, batch, lr=1e-3):
    return update(state, batch, config, lr, lambda loss: loss.backward())


def weights(module):
    return torch.cat([p.detach().flatten().clone() for p in module.parameters()])


@pytest.mark.parametrize("kind", KINDS)
def test_an_update_changes_what_it_should(pair_set, kind):
    config, state, batch = prepare(pair_set, kind)
    before = weights(state.generator)
    judged = weights(state.discriminator) if state.discriminator else None
    losses = step(config, state, batch)
    assert not torch.equal(before, weights(state.generator))
    if judged is not None:
        assert not torch.equal(judged, weights(state.discriminator))
        assert all(p.requires_grad for p in state.discriminator.parameters())
    expected = {
        "none": {"l1"},
        "patchgan": {"l1", "adversarial", "discriminator", "discriminator_accuracy"},
        "article": {"l1", "adversarial", "discriminator"},
    }
    assert set(losses) == expected[kind]
    assert (state.step, state.counted) == (1, 1) and state.sums == losses


def test_an_update_is_a_function_of_seed_and_step(pair_set):
    results = []
    for noise in (1, 2):
        config, state, batch = prepare(pair_set)
        torch.manual_seed(noise)
        before = torch.random.get_rng_state()
        step(config, state, batch)
        assert torch.equal(before, torch.random.get_rng_state())
        results.append(weights(state.generator))
    assert torch.equal(*results)
    config, state, batch = prepare(pair_set, seed=1)
    step(config, state, batch)
    assert not torch.equal(results[0], weights(state.generator))


def test_the_discriminator_learns_to_tell(pair_set):
    config, state, batch = prepare(pair_set, losses={"adversarial": 0.0})
    accuracy = [step(config, state, batch)["discriminator_accuracy"] for _ in range(30)]
    assert accuracy[-1] > 0.8 > accuracy[0]


def test_the_article_adversary_sees_real_and_generated_in_turn(pair_set):
    config, _, batch = prepare(pair_set, "article")
    other = Batch(batch.source, -batch.target)
    losses = []
    for number in (0, 1):
        for which in (batch, other):
            _, fresh, _ = prepare(pair_set, "article")
            fresh.step = number
            losses.append(step(config, fresh, which)["discriminator"])
    assert losses[0] != losses[1]  # even updates look at the target
    assert losses[2] == losses[3]  # odd ones at the generated picture


def test_l1_alone_brings_the_output_to_the_target(pair_set):
    config, state, batch = prepare(pair_set, "none", generator={"width": 8})
    losses = [step(config, state, batch, 3e-3)["l1"] for _ in range(80)]
    assert losses[-1] < 0.3 * losses[0]
