"""What a run begins with: its pair set, its configuration, and its first weights."""

from pathlib import Path

from nekogao.config.compose import compose
from nekogao.config.plain import differences
from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError, ResumeError, RunError, expect
from nekogao.files import sha256
from nekogao.models import families, file
from nekogao.models.family import Learner
from nekogao.names import counted
from nekogao.pairs.pair_set import PairSet
from nekogao.runs.about import FirstWeights
from nekogao.runs.folder import Run


def open_pairs(run: Run, pairs: str | Path | PairSet | None) -> PairSet:
    """The pair set that is named, or that of a run begun earlier.

    Raises RunError where neither is known, and what PairSet.open raises.
    """
    if isinstance(pairs, PairSet):
        return pairs
    if pairs is None:
        if not run.exists:
            raise RunError(f"{run.folder}: no run here yet. Name a pair set with pairs= "
                           "(--pairs on the command line).")  # fmt: skip
        return run.open_pairs()
    return PairSet.open(pairs)


def origin_of(init_from: str | Path) -> FirstWeights:
    """A run or model file as the origin of first weights. Raises WeightsError where it is none."""
    path = file.locate(Path(init_from).resolve())
    file.load(path)
    return FirstWeights(init_from=str(path), init_sha256=sha256(path))


def resolved(config: TrainConfig, pairs: PairSet) -> TrainConfig:
    """A configuration with everything filled in that depends on the pair set."""
    return families.resolved(config, pairs.header, len(pairs))


def settle_config(
    run: Run, pairs: PairSet, asked: TrainConfig | None, origin: FirstWeights | None
) -> TrainConfig:
    """The configuration of a run: what is asked for, or what it was begun with.

    Raises ResumeError where it was begun with another configuration, first weights or pair set.
    """
    if asked is not None:
        expect(asked, TrainConfig, "Make one with nekogao.compose(overrides={...}).")
    if not run.exists:
        return resolved(compose() if asked is None else asked, pairs)
    about = run.about()
    begun = resolved(about.train, pairs)
    config = begun if asked is None else resolved(asked, pairs)
    if different := differences(begun, config):
        name, old, new = different[0]
        more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
        raise ResumeError(
            f"{run.folder}: was begun with {name} = {old!r}, now asked for {new!r}{more}. Use the "
            "same settings, another folder, or `nekogao switch` to add phases."
        )
    if origin is not None and origin.init_sha256 != about.origin.init_sha256:
        raise ResumeError(
            f"{run.folder}: was begun with other first weights than {origin.init_from}. Leave "
            "init_from= (--init-from) out to go on, or name a new folder."
        )
    check_pairs(run, pairs)
    return config


def check_pairs(run: Run, pairs: PairSet) -> None:
    """Raise ResumeError unless these are the pictures that the run was begun on."""
    recorded = run.about().pairs.fingerprint
    if recorded != pairs.fingerprint:
        raise ResumeError(
            f"{run.folder}: was begun on another pair set than {pairs.folder} now is "
            f"(fingerprint {recorded[:12]}, now {pairs.fingerprint[:12]}). Restore it, name a "
            "new folder, or go on to other faces with `nekogao switch RUN NEW --pairs SET`."
        )


def check_alike(before: PairSet, pairs: PairSet) -> None:
    """Raise ConfigError unless a network that learned one set can go on to another."""
    for what, old, new in (
        ("pictures", f"of {before.size}", f"of {pairs.size}"),
        ("sources", _channels(before.header.source_channels),
         _channels(pairs.header.source_channels)),
        ("targets", _channels(before.header.target_channels),
         _channels(pairs.header.target_channels)),
    ):  # fmt: skip
        if old != new:
            raise ConfigError(
                f"{pairs.folder}: has {what} {new}, the network learned {what} {old} from "
                f"{before.folder}. Make the new set alike."
            )


def _channels(count: int) -> str:
    return f"with {counted(count, 'channel')}"


def take_weights(learner: Learner, origin: FirstWeights, config: TrainConfig) -> None:
    """Start from the network of another run or model file.

    Raises ConfigError where it is another network, ResumeError where the file has changed.
    """
    path = Path(origin.init_from)
    model = file.load(path)
    if sha256(path) != origin.init_sha256:
        raise ResumeError(
            f"{path}: has changed since this run was begun from it. Begin a new run."
        )
    if model.kind != config.model.kind:
        raise ConfigError(
            f"init_from {path}: is of the family {model.kind}, this run of {config.model.kind}. "
            "Name a model of the same family."
        )
    try:
        learner.network.load_state_dict(model.network.state_dict())
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise ConfigError(
            f"init_from {path}: another generator than this run's ({reason[:160]}). Use the "
            "same generator settings."
        ) from None
