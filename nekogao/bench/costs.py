"""What must not cost much more with more faces: questions, each asked the plain way too."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from nekogao.bench import streams
from nekogao.bench.findings import Findings, Line, Readings, Workplace
from nekogao.bench.scale import draw
from nekogao.bench.timing import Seconds, interleave, ratio
from nekogao.config.compose import compose
from nekogao.measures.law import Permutations
from nekogao.models.applied import APPLIED, AppliedRow
from nekogao.models.composition import Basis, span
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters, images
from nekogao.report.run import build_report
from nekogao.runs.folder import Run
from nekogao.training.loop import train

COUNTS, QUICK = (10, 100, 1_000), (10, 100)
"""Faces, pictures or pairs."""
_SIZE = 128
_PREDICTORS = 60
"""Predictions that are compared with the same winners."""
_DRAWS = 10_000
"""Permutations for a p-value."""


@dataclass(frozen=True)
class CostNumbers(Readings):
    """The numbers of the section `costs`, by the name of the row."""

    seconds: dict[str, Seconds] = field(default_factory=dict)
    peak_bytes: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """What one question cost among so many."""

    row: Line
    seconds: Seconds


def costs(work: Workplace) -> Findings:
    """Every question at 10, 100 and 1,000; when quick, without the largest (streams: at 10)."""
    counts = QUICK if work.quick else COUNTS
    found = [question(work, count) for question in QUESTIONS for count in counts]
    used = [
        stream(work, count, work.repeats(3) if count < COUNTS[-1] else 1)
        for stream in streams.STREAMS
        for count in (counts[:1] if work.quick else counts)
    ]
    return Findings(
        [*(cost.row for cost in found), *(stream.row for stream in used)],
        CostNumbers(
            seconds={cost.row.name: cost.seconds for cost in found},
            peak_bytes={stream.row.name: stream.peak_bytes for stream in used},
        ),
    )


def _compared(name: str, seconds: Seconds, note: str, times: int = 1) -> Cost:
    """A row of Nekogao's way and the plain one, which was measured once instead of `times`."""
    own, plain = seconds["nekogao"], [times * taken for taken in seconds["baseline"]]
    row = Line(
        name=name,
        value=1000 * median(own),
        unit="ms",
        baseline=1000 * median(plain),
        ratio=ratio(plain, own),
        note=note,
    )
    return Cost(row, seconds)


def winner(work: Workplace, count: int) -> Cost:
    """Which of so many faces has the largest share in an output, for one output."""
    targets = faces(count)
    output = blend(targets)
    made: list[Basis] = []
    factoring = interleave({"once": lambda: made.append(Basis(targets))}, 1, warmup=0)
    basis = made[0]
    seconds = interleave(
        {
            "nekogao": lambda: basis.winner(output),
            "baseline": lambda: plain_winner(output, targets),
        },
        _repeats(work, count),
        warmup=1,
    )
    once = 1000 * factoring["once"][0]
    note = f"one output; Nekogao factors the {count} targets once per set, in {once:.0f} ms more"
    return _compared(f"winner-{count}", {**seconds, "factoring": factoring["once"]}, note)


def plain_winner(output: NDArray[np.float32], targets: NDArray[np.float32]) -> int:
    """The winner, with the targets factored again for every output."""
    return int(span(output, targets).weights.argmax())


def faces(count: int) -> NDArray[np.float32]:
    """Drawn faces, n 128 128 3 in [0, 1]."""
    drawn = [face for _, face in characters.many_faces(count, size=_SIZE)]
    return np.stack(drawn).astype(np.float32) / np.float32(255)


def blend(targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """An output as networks make them: a blend of some targets, and noise."""
    shares = np.random.default_rng(0).dirichlet(np.ones(5)).astype(np.float32)
    noise = np.random.default_rng(1).normal(0, 0.02, targets.shape[1:]).astype(np.float32)
    return np.asarray((np.tensordot(shares, targets[:5], 1) + noise).clip(0, 1), np.float32)


def agreement(work: Workplace, count: int) -> Cost:
    """The p-values of 60 predictors on so many pictures."""
    winners, predictions = forecasts(count)

    def own() -> list[float]:
        permutations = Permutations(winners, _DRAWS)
        return [permutations.p(predicted) for predicted in predictions]

    seconds = interleave(
        {"nekogao": own, "baseline": lambda: plain_p(predictions[0], winners)},
        _repeats(work, count),
        warmup=1,
    )
    note = (
        f"{_PREDICTORS} predictors, {_DRAWS:,} permutations; the baseline was measured on one "
        f"predictor and multiplied by {_PREDICTORS}"
    )
    return _compared(f"agreement-{count}", seconds, note, _PREDICTORS)


def forecasts(
    count: int, predictors: int = _PREDICTORS
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """The winners of so many pictures, and predictions of which a third are right."""
    random = np.random.default_rng(0)
    winners, guesses = (random.integers(0, 10, (n, count)) for n in (1, predictors))
    right = random.random((predictors, count)) < 1 / 3
    return winners[0], list(np.where(right, winners, guesses))


def plain_p(
    predicted: NDArray[np.int64], winners: NDArray[np.int64], draws: int = _DRAWS
) -> float:
    """The p-value of one predictor, with its own permutations, one after another."""
    random = np.random.default_rng(0)
    found = np.count_nonzero(predicted == winners)
    hits = sum(
        np.count_nonzero(predicted == random.permutation(winners)) >= found for _ in range(draws)
    )
    return (1 + hits) / (1 + draws)


def finished(work: Workplace, count: int) -> Cost:
    """Saying that a run on so many pairs is finished."""
    pairs = draw(count, work.sets or work.scratch)
    ended = finished_run(pairs, work.scratch / f"finished-{count}")
    seconds = interleave(
        {
            "nekogao": lambda: list(train(ended)),
            "baseline": lambda: PairSet.open(pairs).reader,
        },
        work.repeats(9),
        warmup=1,
    )
    note = f"the baseline decodes the set of {count} pairs"
    return _compared(f"finished-{count}", seconds, note)


def finished_run(pairs: Path, folder: Path) -> Path:
    """A run of one epoch with a small network, trained to its end."""
    small = {"generator.width": 1, "batch": 100, "probe": 1}
    list(train(folder, pairs, compose("fast", phases=["edges:1"], overrides=small)))
    return folder


def report(work: Workplace, count: int) -> Cost:
    """The report of a run that was applied to so many large pictures."""
    ended = finished_run(draw(COUNTS[0], work.sets or work.scratch), work.scratch / f"run-{count}")
    given, _ = streams.write_pictures(work.scratch / f"applied-{count}", count)
    pictures = images.find(given)
    applied = Run(ended).applied
    applied.mkdir()
    output = characters.draw_face(characters.CHARACTERS[0], _SIZE)
    images.write(applied / pictures[0].with_suffix(".png").name, output)
    for path in pictures[1:]:
        out = applied / path.with_suffix(".png").name
        out.hardlink_to(applied / pictures[0].with_suffix(".png").name)
    rows = (AppliedRow(output=f"{p.stem}.png", input=str(p)).to_json() for p in pictures)
    (applied / APPLIED).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    seconds = interleave(
        {
            "nekogao": lambda: build_report(ended),
            "baseline": lambda: [images.fit(images.read(p), _SIZE, "pad") for p in pictures],
        },
        work.repeats(3) if count < COUNTS[-1] else 1,
        warmup=0,
    )
    note = f"the baseline reads all of the {count} pictures that the page would show"
    return _compared(f"report-{count}", seconds, note)


def _repeats(work: Workplace, count: int) -> int:
    """Less often where the plain way takes seconds."""
    return work.repeats(9 if count < COUNTS[-1] else 3)


QUESTIONS: tuple[Callable[[Workplace, int], Cost], ...] = (winner, agreement, finished, report)
"""What is asked at every count, in order."""
