"""One training update: the only function that changes networks and optimisers."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from nekogao.config.schema import TrainConfig
from nekogao.nets.losses import (
    ARTICLE_AIM,
    ARTICLE_FAKE,
    ARTICLE_REAL,
    LOSSES,
    accuracy,
    article_cross_entropy,
)
from nekogao.pairs.pair_set import Batch
from nekogao.randomness import Purpose, torch_seed
from nekogao.training.state import State

Backward = Callable[[Tensor], None]


def update(
    state: State, batch: Batch, config: TrainConfig, lr: float, backward: Backward
) -> dict[str, Tensor]:
    """One update of the discriminator (if any), then one of the generator (Isola et al. 2017).

    Returns the losses as scalars on the networks' device, so that nothing waits for it; they are
    added to `state.sums` too, and the counts go up by one. Dropout follows (seed, step); the
    caller's random state is left as it was.

    Args:
        state: What changes.
        batch: Sources and targets in [-1, 1], on the networks' device.
        config: Losses, adversary and seed.
        lr: Learning rate of both networks.
        backward: Called with each loss instead of its own `backward`, for mixed precision.
    """
    for optimizer in (state.generator_optimizer, state.discriminator_optimizer):
        for group in optimizer.param_groups if optimizer else ():
            group["lr"] = lr
    with torch.random.fork_rng():
        torch.manual_seed(torch_seed(config.seed, Purpose.UPDATE, state.step))
        losses = _update_networks(state, batch, config, backward)
    for name, value in losses.items():
        state.sums[name] = value + state.sums.get(name, 0.0)
    state.counted += 1
    state.step += 1
    return losses


def _update_networks(
    state: State, batch: Batch, config: TrainConfig, backward: Backward
) -> dict[str, Tensor]:
    state.generator.train()
    fake = state.generator(batch.source)
    losses: dict[str, Tensor] = {}
    if state.discriminator is not None and state.discriminator_optimizer is not None:
        state.discriminator.train()
        losses |= _discriminator_losses(
            state.discriminator, batch, fake.detach(), config, state.step
        )
        state.discriminator_optimizer.zero_grad(set_to_none=True)
        backward(losses["discriminator"])
        state.discriminator_optimizer.step()
    losses["l1"] = (fake - batch.target).abs().mean()
    total = config.losses.l1 * losses["l1"]
    if state.discriminator is not None:
        # The discriminator's weights take no part in the generator's gradient.
        state.discriminator.requires_grad_(False)
        losses["adversarial"] = _adversarial_loss(state.discriminator, batch.source, fake, config)
        state.discriminator.requires_grad_(True)
        total = total + config.losses.adversarial * losses["adversarial"]
    state.generator_optimizer.zero_grad(set_to_none=True)
    backward(total)
    state.generator_optimizer.step()
    return {name: loss.detach() for name, loss in losses.items()}


def _discriminator_losses(
    discriminator: nn.Module, batch: Batch, fake: Tensor, config: TrainConfig, step: int
) -> dict[str, Tensor]:
    if config.adversary.kind == "article":
        # The article shows real and generated pictures in turn, a batch of each.
        shown, label = (fake, ARTICLE_FAKE) if step % 2 else (batch.target, ARTICLE_REAL)
        verdict = discriminator(batch.source, shown)
        return {"discriminator": article_cross_entropy(verdict, label)}
    real_logits = discriminator(batch.source, batch.target)
    fake_logits = discriminator(batch.source, fake)
    return {
        "discriminator": LOSSES[config.adversary.loss].discriminator(real_logits, fake_logits),
        "discriminator_accuracy": accuracy(real_logits, fake_logits),
    }


def _adversarial_loss(
    discriminator: nn.Module, source: Tensor, fake: Tensor, config: TrainConfig
) -> Tensor:
    verdict = discriminator(source, fake)
    if config.adversary.kind == "article":
        return article_cross_entropy(verdict, ARTICLE_AIM)
    return LOSSES[config.adversary.loss].generator(verdict)
