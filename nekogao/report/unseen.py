"""The page's part on pairs that nothing was learned from: numbers, a sentence and the sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

from nekogao.names import counted
from nekogao.report import films
from nekogao.runs.about import About
from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement
from nekogao.runs.unseen import NeverSeen, Quality, never_seen


@dataclass(frozen=True)
class Unseen:
    """What was never seen in one domain."""

    measured: NeverSeen
    sentence: str
    """How it was measured, and whether the answers are better than retrieval."""
    sheet: str
    """Source, answer and truth, inside the page; empty where the sheet is gone."""


def unseen(run: Run, rows: Sequence[Measurement], about: About) -> list[Unseen]:
    """Domain by domain, from the last measurements of a run."""
    found = never_seen(rows, about.train, about.pairs.items)
    return [Unseen(each, sentence(each), films.unseen(run, each.domain)) for each in found]


def sentence(measured: NeverSeen) -> str:
    """How a domain was measured and what came of it, as one sentence."""
    if measured.left_out:
        others = counted(measured.others, "other")
        how = f"{counted(measured.pairs, 'pair')}, each answered from the {others}"
    else:
        were = "was" if measured.pairs == 1 else "were"
        how = f"{counted(measured.pairs, 'pair')} that {were} never trained on"
    if not measured.trained:
        how += ", in a domain that the run did not train in"
    return f"{how}: {_verdict(measured.answers, measured.retrieved)}."


def _verdict(answers: Quality, retrieved: Quality | None) -> str:
    if retrieved is None:
        return "the set is too large to search it for the nearest training sources"
    target = "the target of the nearest training source"
    nearer, alike = answers.mae < retrieved.mae, answers.ssim > retrieved.ssim
    if nearer and alike:
        return f"the answers are better than {target}, by MAE and by SSIM"
    if nearer or alike:
        better, worse = ("MAE", "SSIM") if nearer else ("SSIM", "MAE")
        return f"the answers are better than {target} by {better}, but not by {worse}"
    return f"the answers are no better than {target}, neither by MAE nor by SSIM"
