"""One training update: the only function that changes what learns."""

from torch import Tensor

from nekogao.config.schema import TrainConfig
from nekogao.models.families import family_of
from nekogao.models.family import Losses, Moment
from nekogao.pairs.pair_set import Batch, PairSet
from nekogao.randomness import Purpose, torch_seed
from nekogao.training.accelerator import Accelerator
from nekogao.training.schedule import Span
from nekogao.training.state import State, seeded


def update(
    state: State,
    span: Span,
    config: TrainConfig,
    shown: Batch | PairSet,
    accelerator: Accelerator,
) -> Losses:
    """One update, in the way of the run's family.

    Random numbers follow from (seed, step); the caller's random state is left as it was.

    Args:
        state: What changes: what learns, its sums of losses, and its counts by one.
        span: The phase that the update belongs to.
        config: The run's configuration.
        shown: A batch in [-1, 1] on the networks' device, for families that learn by updates;
            the pair set, for those that take it in at once.
        accelerator: Where the networks are.

    Returns:
        The losses as scalars on the networks' device, so that nothing waits for it.
    """
    family, learner = family_of(config.model), state.learner
    moment = Moment(state.step, (state.step - span.start) / (span.stop - span.start))
    seed = torch_seed(config.seed, Purpose.UPDATE, state.step)
    losses: dict[str, Tensor] = {}
    with seeded(seed, accelerator.device):
        if isinstance(shown, Batch):
            assert family.update is not None
            losses = family.update(learner, shown, config, moment, accelerator.backward)
        else:
            assert family.fit is not None
            family.fit(learner, shown, span.domains, config, moment)
    for name, value in losses.items():
        state.sums[name] = value + state.sums.get(name, 0.0)
    state.counted += 1
    state.step += 1
    return losses
