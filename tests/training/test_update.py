import pytest
import torch

from nekogao.config.plain import train_config
from nekogao.config.schema import Phase
from nekogao.pairs.draws import Draws
from nekogao.pairs.pair_set import Batch, PairSet
from nekogao.training.accelerator import PlainCpu
from nekogao.training.schedule import Span
from nekogao.training.state import new_state
from nekogao.training.update import update

KINDS = {
    "none": {},
    "patchgan": {"patch": "16", "width": 4},
    "article": {"width": 4},
}


def prepare(pair_set, kind="patchgan", **settings):
    config = train_config(
        {"generator": {"width": 4, "dropout": 0.5}, "adversary": {"kind": kind, **KINDS[kind]},
         "optimizer": {"lr": 1e-3, "decay": "none"}, **settings},
    )  # fmt: skip
    pairs = PairSet.open(pair_set)
    drawn = Draws(items=range(len(pairs)), size=2, seed=0).draw(0, ["gray"])
    return config, new_state(config, pairs.header, 2), pairs.batch(drawn)


def step(config, state, batch):
    phase = Span(1, Phase(domains=("gray",), epochs=100), ("gray",), 0, 100)
    return update(state, phase, config, batch, PlainCpu())


def modules(state):
    return state.learner.modules["generator"], state.learner.modules.get("discriminator")


def weights(module):
    return torch.cat([p.detach().flatten().clone() for p in module.parameters()])


@pytest.mark.parametrize("kind", KINDS)
def test_an_update_changes_what_it_should(pair_set, kind):
    config, state, batch = prepare(pair_set, kind)
    generator, discriminator = modules(state)
    before = weights(generator)
    judged = weights(discriminator) if discriminator else None
    losses = step(config, state, batch)
    assert not torch.equal(before, weights(generator))
    if judged is not None:
        assert not torch.equal(judged, weights(discriminator))
        assert all(p.requires_grad for p in discriminator.parameters())
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
        results.append(weights(modules(state)[0]))
    assert torch.equal(*results)
    config, state, batch = prepare(pair_set, seed=1)
    step(config, state, batch)
    assert not torch.equal(results[0], weights(modules(state)[0]))


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
    config, state, batch = prepare(
        pair_set, "none", generator={"width": 8}, optimizer={"lr": 3e-3, "decay": "none"}
    )
    losses = [step(config, state, batch)["l1"] for _ in range(80)]
    assert losses[-1] < 0.3 * losses[0]
