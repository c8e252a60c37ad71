"""The record: how a run's models and checkpoints come to its folder, and back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import Tensor

from nekogao.config.schema import TrainConfig
from nekogao.errors import DivergedError, RunError, reason
from nekogao.models import file
from nekogao.models.families import family_of
from nekogao.models.model import Model
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures.images import Picture
from nekogao.runs.events import Saved
from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement
from nekogao.training.beginning import take_weights
from nekogao.training.schedule import Schedule
from nekogao.training.state import State


@dataclass(frozen=True)
class Logbook:
    """A run's folder, as its training writes to it and reads from it."""

    run: Run
    pairs: PairSet
    config: TrainConfig
    schedule: Schedule

    def resume(self, state: State) -> None:
        """Take over the newest checkpoint, and delete what was written after it.

        Raises RunError where the checkpoint is damaged or of another run.
        """
        saved = self.run.load_checkpoint()
        if saved is not None:
            try:
                state.load_state_dict(saved)
            except (KeyError, TypeError, RuntimeError, ValueError) as error:
                why = reason(error)
                raise RunError(
                    f"{self.run.saved_checkpoints()[-1]}: does not fit this run ({why}). "
                    "Delete it to go on from the one before."
                ) from None
        elif (origin := self.run.first_weights()).init_from:
            take_weights(state.learner, origin, self.config)
        # What was measured before the first update is measured again.
        self.run.rewind(state.step or -1)

    def model(self, state: State, faces: Mapping[str, Picture] | None = None) -> Model:
        """The network as it is now, with what is needed to use it."""
        return Model(
            kind=self.config.model.kind,
            shape=family_of(self.config.model).shape(self.config.model, self.pairs.header),
            network=state.learner.network,
            domains=self.pairs.header.domains,
            last=self.schedule.span(max(0, state.step - 1)).domains[0],
            faces=dict(faces or {}),
        )

    def write_model(self, state: State, path: Path) -> None:
        """Write the network as it is now to a model file."""
        file.save(path, self.model(state, self.faces))

    @cached_property
    def faces(self) -> dict[str, Picture]:
        """Thumbnails of the training targets, by id."""
        kept = self.schedule.draws.items
        ids = [self.pairs.items[item].id for item in kept]
        return file.thumbnails(ids, lambda index: self.pairs.picture(kept[index], "target"))

    def keep_best(self, state: State, rows: Sequence[Measurement]) -> None:
        """Keep the network where it has the highest mean skill so far on the domains so far."""
        begun = self.schedule.begun(state.step)
        if begun != state.best_over:
            # A mean over other domains is another measure.
            state.best, state.best_over = float("-inf"), begun
        skills = [row.skill for row in rows if row.domain in begun]
        if skills and sum(skills) / len(skills) > state.best:
            state.best = sum(skills) / len(skills)
            self.write_model(state, self.run.best)

    def keep_phase(self, state: State, number: int) -> None:
        """Keep the network as it is at the end of a phase, from 1."""
        self.run.phases.mkdir(exist_ok=True)
        self.write_model(state, self.run.phase_model(number))

    def save(self, state: State) -> Saved:
        """Write the model and a checkpoint. Raises DivergedError where weights are not finite."""
        if not all(p.isfinite().all() for p in state.learner.network.parameters()):
            raise self._diverged(state, "the network's weights are not finite")
        self.write_model(state, self.run.model)
        return Saved(state.step, self.run.save_checkpoint(state.step, state.state_dict()))

    def check(self, state: State, losses: Mapping[str, Tensor | float]) -> None:
        """Raise DivergedError where a loss is not finite. On a device this waits for it."""
        for name, value in losses.items():
            if not math.isfinite(value):
                raise self._diverged(state, f"the loss {name} is {float(value)}")

    def _diverged(self, state: State, what: str) -> DivergedError:
        saved = self.run.saved_checkpoints()
        last = f"step {int(saved[-1].stem)} ({saved[-1]})" if saved else "none"
        return DivergedError(
            f"step {state.step}: {what}. The last good checkpoint is {last}. "
            "Begin a new run with other settings, such as a lower optimizer.lr."
        )
