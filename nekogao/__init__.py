"""Nekogao: few-shot paired image translation, and what the network remembers of it.

import nekogao

for event in nekogao.train("runs/cats", "set"):   # yields events, prints nothing
    match event:
        case nekogao.Measured(rows=rows):
            print([row.ssim for row in rows])

cats = nekogao.load("runs/cats")
cats("cup.jpg").save("cat.png")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nekogao.config.compose import compose as compose
    from nekogao.config.compose import recipes as recipes
    from nekogao.config.pairs import PairConfig as PairConfig
    from nekogao.config.schema import Phase as Phase
    from nekogao.config.schema import TrainConfig as TrainConfig
    from nekogao.errors import NekogaoError as NekogaoError
    from nekogao.models.answer import Answer as Answer
    from nekogao.models.gallery import Applied as Applied
    from nekogao.models.gallery import apply as apply
    from nekogao.models.options import Options as Options
    from nekogao.models.remembered import Share as Share
    from nekogao.models.translator import Translator as Translator
    from nekogao.models.translator import load as load
    from nekogao.nets.generator import Generator as Generator
    from nekogao.pairs.build import build as build_pairs
    from nekogao.pairs.doctor import examine as examine_pairs
    from nekogao.pairs.frames import import_frames as import_frames
    from nekogao.pairs.pair_set import PairSet as PairSet
    from nekogao.pairs.revision import Revision as Revision
    from nekogao.pairs.revision import add as add_pairs
    from nekogao.pairs.revision import remove as remove_pairs
    from nekogao.reasons.explanation import Explanation as Explanation
    from nekogao.reasons.origins import Traced as Traced
    from nekogao.reasons.why import explain as explain
    from nekogao.report.compare import build_comparison as build_comparison
    from nekogao.report.run import build_report as build_report
    from nekogao.runs.events import Advanced as Advanced
    from nekogao.runs.events import Event as Event
    from nekogao.runs.events import Finished as Finished
    from nekogao.runs.events import Interrupted as Interrupted
    from nekogao.runs.events import Measured as Measured
    from nekogao.runs.events import Previewed as Previewed
    from nekogao.runs.events import Said as Said
    from nekogao.runs.events import Saved as Saved
    from nekogao.runs.events import Started as Started
    from nekogao.runs.events import Stepped as Stepped
    from nekogao.runs.events import Switched as Switched
    from nekogao.runs.folder import Run as Run
    from nekogao.runs.metrics import Measurement as Measurement
    from nekogao.training.loop import switch as switch
    from nekogao.training.loop import train as train
    from nekogao.workshop.make import make as make

__version__ = "0.1.0"

_HOME = {
    "compose": "nekogao.config.compose:compose",
    "recipes": "nekogao.config.compose:recipes",
    "PairConfig": "nekogao.config.pairs:PairConfig",
    "Phase": "nekogao.config.schema:Phase",
    "TrainConfig": "nekogao.config.schema:TrainConfig",
    "NekogaoError": "nekogao.errors:NekogaoError",
    "Explanation": "nekogao.reasons.explanation:Explanation",
    "Traced": "nekogao.reasons.origins:Traced",
    "explain": "nekogao.reasons.why:explain",
    "Answer": "nekogao.models.answer:Answer",
    "Applied": "nekogao.models.gallery:Applied",
    "apply": "nekogao.models.gallery:apply",
    "Options": "nekogao.models.options:Options",
    "Share": "nekogao.models.remembered:Share",
    "Translator": "nekogao.models.translator:Translator",
    "load": "nekogao.models.translator:load",
    "Generator": "nekogao.nets.generator:Generator",
    "build_pairs": "nekogao.pairs.build:build",
    "examine_pairs": "nekogao.pairs.doctor:examine",
    "import_frames": "nekogao.pairs.frames:import_frames",
    "PairSet": "nekogao.pairs.pair_set:PairSet",
    "Revision": "nekogao.pairs.revision:Revision",
    "add_pairs": "nekogao.pairs.revision:add",
    "remove_pairs": "nekogao.pairs.revision:remove",
    "build_comparison": "nekogao.report.compare:build_comparison",
    "build_report": "nekogao.report.run:build_report",
    "Advanced": "nekogao.runs.events:Advanced",
    "Event": "nekogao.runs.events:Event",
    "Finished": "nekogao.runs.events:Finished",
    "Interrupted": "nekogao.runs.events:Interrupted",
    "Measured": "nekogao.runs.events:Measured",
    "Previewed": "nekogao.runs.events:Previewed",
    "Said": "nekogao.runs.events:Said",
    "Saved": "nekogao.runs.events:Saved",
    "Started": "nekogao.runs.events:Started",
    "Stepped": "nekogao.runs.events:Stepped",
    "Switched": "nekogao.runs.events:Switched",
    "Run": "nekogao.runs.folder:Run",
    "Measurement": "nekogao.runs.metrics:Measurement",
    "switch": "nekogao.training.loop:switch",
    "train": "nekogao.training.loop:train",
    "make": "nekogao.workshop.make:make",
}
"""Public name -> where it is defined; importing the package must not cost PyTorch's import."""

__all__ = [
    "Advanced",
    "Answer",
    "Applied",
    "Event",
    "Explanation",
    "Finished",
    "Generator",
    "Interrupted",
    "Measured",
    "Measurement",
    "NekogaoError",
    "Options",
    "PairConfig",
    "PairSet",
    "Phase",
    "Previewed",
    "Revision",
    "Run",
    "Said",
    "Saved",
    "Share",
    "Started",
    "Stepped",
    "Switched",
    "Traced",
    "TrainConfig",
    "Translator",
    "__version__",
    "add_pairs",
    "apply",
    "build_comparison",
    "build_pairs",
    "build_report",
    "compose",
    "examine_pairs",
    "explain",
    "import_frames",
    "load",
    "make",
    "recipes",
    "remove_pairs",
    "switch",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'nekogao' has no attribute {name!r}")
    module, _, attribute = _HOME[name].partition(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__
