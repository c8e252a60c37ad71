"""A session: one process's part of a run, from its newest checkpoint on."""

import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError, DivergedError, ResumeError, RunError
from nekogao.files import sha256
from nekogao.measures.quality import measure
from nekogao.models import file as weights
from nekogao.pairs.draws import Draws
from nekogao.pairs.pair_set import Batch, PairSet
from nekogao.pictures import images
from nekogao.runs.events import (
    Event,
    Finished,
    Interrupted,
    Measured,
    Previewed,
    Saved,
    Started,
    Stepped,
    Switched,
)
from nekogao.runs.folder import Run
from nekogao.training import accelerator as engine
from nekogao.training import sheets as previews
from nekogao.training.accelerator import Engine
from nekogao.training.schedule import Schedule, Span, learning_rate, plan, probe_indices
from nekogao.training.state import State, generator_shape, new_state
from nekogao.training.update import update


class Session:
    """One process's part of a run."""

    def __init__(self, run: Run, pairs: PairSet, config: TrainConfig) -> None:
        self.folder, self.pairs, self.config = run, pairs, config
        self.schedule: Schedule = plan(config, pairs)
        self.shape = generator_shape(config.generator, pairs.header)
        self.state: State = new_state(config, pairs.header, self.schedule.batch)
        chosen = probe_indices(len(pairs), config.probe)
        probe = {domain: pairs.select(chosen, domain) for domain in pairs.domains}
        self.targets: Tensor = probe[pairs.domains[0]].target
        self.sources: dict[str, Tensor] = {name: batch.source for name, batch in probe.items()}

    @cached_property
    def engine(self) -> Engine:
        """Where to train. Raises ConfigError where there is none such."""
        return engine.choose(self.config)

    def take_weights(self, origin: dict[str, Any]) -> None:
        """Start from the generator of another run or model file.

        Raises ConfigError where it is another network, ResumeError where the file has changed.
        """
        path = Path(origin["init_from"])
        model = weights.load(path)
        if sha256(path) != origin["init_sha256"]:
            raise ResumeError(
                f"{path}: has changed since this run was begun from it. Begin a new run."
            )
        try:
            self.state.generator.load_state_dict(model.generator.state_dict())
        except RuntimeError as error:
            reason = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
            raise ConfigError(
                f"--init-from {path}: another generator than this run's ({reason[:160]}). Use the "
                "same generator settings."
            ) from None

    def run(self, stop: Callable[[], bool]) -> Iterator[Event]:
        """Train from the newest checkpoint, or from the beginning, to the end."""
        state, schedule = self.state, self.schedule
        saved = self.folder.saved_checkpoints()
        if saved and int(saved[-1].stem) >= schedule.total:
            yield Finished(schedule.total, already=True)
            return
        self._set_up()
        self._resume()
        yield Started(state.step, schedule.total, str(self.engine.device))
        if state.step == 0:
            yield from self._look()
            yield self._save()
        with closing(self._batches()) as batches:
            yield from self._train(batches, stop)

    def _train(self, batches: Iterator[Batch], stop: Callable[[], bool]) -> Iterator[Event]:
        state, schedule = self.state, self.schedule
        saved_at = begun = time.perf_counter()
        before = state.seconds
        while state.step < schedule.total:
            span = schedule.span(state.step)
            losses = self._update(span, next(batches))
            state.seconds = before + time.perf_counter() - begun
            yield Stepped(state.step, schedule.total, str(span.phase), losses, state.seconds)
            if schedule.measured_at(state.step):
                yield from self._look()
            ended, interrupted = state.step == span.stop, stop()
            if ended and state.step == schedule.total:
                previews.write_film(self.folder.previews, self.folder.film, len(self.targets))
            elif ended:
                self.folder.phases.mkdir(exist_ok=True)
                self._write_model(self.folder.phase_model(span.number))
            late = time.perf_counter() - saved_at > self.config.checkpoint_seconds
            if ended or interrupted or late:
                yield self._save()
                saved_at = time.perf_counter()
            if state.step == schedule.total:
                break
            if ended:
                yield Switched(state.step, str(schedule.span(state.step).phase))
            if interrupted:
                yield Interrupted(state.step)
                return
        yield Finished(state.step, already=False)

    def _resume(self) -> None:
        """Take over the newest checkpoint, and forget what was written after it."""
        saved = self.folder.load_checkpoint()
        if saved is not None:
            self._take_over(saved)
        elif "init_from" in (origin := self.folder.about().get("continued", {})):
            self.take_weights(origin)
        # What was measured before the first update is measured again.
        self.folder.rewind(self.state.step or -1)

    def _take_over(self, saved: dict[str, Any]) -> None:
        try:
            self.state.load_state_dict(saved)
        except (KeyError, TypeError, RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0][:160]
            raise RunError(
                f"{self.folder.saved_checkpoints()[-1]}: does not fit this run ({reason}). Delete "
                "it to go on from the one before."
            ) from None

    def _batches(self) -> Generator[Batch, None, None]:
        """The batches of every step from here to the end, on the device that trains."""
        schedule, config = self.schedule, self.config
        draws = Draws(
            count=len(self.pairs), size=schedule.batch, seed=config.seed, replay=config.replay
        )
        drawn = (
            draws.draw(step, schedule.span(step).domains, schedule.earlier(step))
            for step in range(self.state.step, schedule.total)
        )
        return self.pairs.batches(
            drawn, seed=config.seed, augment=config.augment, device=self.engine.device
        )

    def _update(self, span: Span, batch: Batch) -> dict[str, Tensor]:
        rate = learning_rate(self.config.optimizer, span, self.state.step)
        losses = update(self.state, batch, self.config, rate, self.engine.backward)
        if self.engine.device.type == "cpu":
            # Elsewhere this would hold the device up, and only the sums are looked at.
            self._check(losses)
        return losses

    def _check(self, losses: Mapping[str, Tensor | float]) -> None:
        for name, value in losses.items():
            if not math.isfinite(value):
                raise self._diverged(f"the loss {name} is {float(value)}")

    def _set_up(self) -> None:
        state, device = self.state, self.engine.device
        generator = engine.arrange(state.generator, device)
        state.generator, state.generator_optimizer = self.engine.setup(
            generator, state.generator_optimizer
        )
        if state.discriminator is not None and state.discriminator_optimizer is not None:
            discriminator = engine.arrange(state.discriminator, device)
            state.discriminator, state.discriminator_optimizer = self.engine.setup(
                discriminator, state.discriminator_optimizer
            )

    def _diverged(self, what: str) -> DivergedError:
        saved = self.folder.saved_checkpoints()
        last = f"step {int(saved[-1].stem)} ({saved[-1]})" if saved else "none"
        return DivergedError(
            f"step {self.state.step}: {what}. The last good checkpoint is {last}. "
            "Begin a new run with a lower optimizer.lr."
        )

    def _look(self) -> Iterator[Event]:
        """Measure and draw the probe in every domain; neither changes what training will do."""
        state, step = self.state, self.state.step
        self._check(state.sums)
        span = self.schedule.span(max(0, step - 1))
        rows, drawn = [], []
        for domain, sources in self.sources.items():
            outputs = previews.translate(state.generator, sources)
            path = self.folder.previews / previews.name(step, domain)
            images.write(path, previews.draw(sources, outputs, self.targets))
            drawn.append(Previewed(step, domain, path))
            measures = measure(images.to_unit(outputs), images.to_unit(self.targets))
            rows.append(
                {
                    "step": step,
                    "epoch": round(self.schedule.epoch(step), 3),
                    "phase": span.number if step else 0,
                    "trained": self._trained(step),
                    "domain": domain,
                    **measures,
                    "probe": len(self.targets),
                    "losses": {k: float(v) / state.counted for k, v in state.sums.items()},
                    "seconds": round(state.seconds, 3),
                }
            )
        state.sums, state.counted = {}, 0
        self.folder.append_metrics(rows)
        self._keep_best(rows)
        yield Measured(step, rows)
        yield from drawn

    def _trained(self, step: int) -> list[str]:
        """The domains that the phase before a measurement showed, replayed ones included."""
        if step == 0:
            return []
        replayed = self.schedule.earlier(step - 1) if self.config.replay else ()
        return [*self.schedule.span(step - 1).domains, *replayed]

    def _keep_best(self, rows: list[dict[str, Any]]) -> None:
        state = self.state
        begun = (span for span in self.schedule.spans if span.start < state.step)
        seen = sorted({domain for span in begun for domain in span.domains})
        if seen != state.best_over:
            # A mean over other domains is another measure.
            state.best, state.best_over = float("-inf"), seen
        skills = [row["skill"] for row in rows if row["domain"] in seen]
        if skills and sum(skills) / len(skills) > state.best:
            state.best = sum(skills) / len(skills)
            self._write_model(self.folder.best)

    def _save(self) -> Saved:
        if not all(p.isfinite().all() for p in self.state.generator.parameters()):
            raise self._diverged("the generator's weights are not finite")
        self._write_model(self.folder.model)
        path = self.folder.save_checkpoint(self.state.step, self.state.state_dict())
        return Saved(self.state.step, path)

    def _write_model(self, path: Path) -> None:
        trained = self.schedule.span(max(0, self.state.step - 1)).domains
        weights.save(
            path,
            shape=self.shape,
            state=self.state.generator.state_dict(),
            domains=self.pairs.header.domains,
            last=trained[0],
            faces=self._faces,
        )

    @cached_property
    def _faces(self) -> dict[str, images.Picture]:
        ids = [item.id for item in self.pairs.items]
        return weights.thumbnails(ids, lambda index: self.pairs.picture(index, "target"))
