"""Pair sets from ready pairs of pictures: aligned A|B pictures, or two folders.

Nothing is held in memory at full size: the files' headers say whether the pairs fit together and
how many channels they have; then one pair after another is read, fitted and written.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Literal
from unicodedata import normalize

from nekogao.config.pairs import FROM_IMPORTS, PairConfig
from nekogao.errors import ConfigError, InputError, expect
from nekogao.pairs import doubts, manifest
from nekogao.pairs.item import Header
from nekogao.pairs.manifest import Entry
from nekogao.pairs.origin import Origin
from nekogao.pictures import images, outlines
from nekogao.pictures.domains import KINDS, LABELS, Domain, imported
from nekogao.pictures.images import Picture
from nekogao.pictures.labels import NO_LABELS, WHITE_LABEL, census, palette_of, survey
from nekogao.pictures.outlines import Outline
from nekogao.sizes import Size
from nekogao.workers import ahead

Read = Callable[[Path], tuple[Picture, Picture]]
"""Reads the source and target that belong to the path of a target."""


def import_aligned(
    out: str | Path,
    folder: str | Path,
    config: PairConfig = FROM_IMPORTS,
    *,
    direction: Literal["AtoB", "BtoA"] = "AtoB",
    domain: str = "source",
    labels: bool = False,
) -> int:
    """Import pictures that show A on the left half and B on the right.

    Args:
        out: A new folder; after an error there is none.
        folder: The pictures; sub-folders are searched too.
        config: Size and fit of the halves; the rest is ignored.
        direction: Which half is the source: A in `AtoB`, B in `BtoA`.
        domain: The name of the imported domain.
        labels: Whether the sources are label maps even if they do not look like it.

    Returns the number of items.

    Raises:
        InputError: A folder is missing, empty or taken, or a picture cannot be read or halved.
        ConfigError: The domain's name is that of a built-in one, or none that a domain may have.
    """
    _check_domain(domain)
    found = outlines.read_all(images.find(folder))
    for path, outline in found.items():
        if outline.width % 2:
            raise InputError(
                f"{path}: {outline.width} pixels wide; an aligned picture has two halves of the "
                "same width. Replace the file."
            )

    def read(path: Path) -> tuple[Picture, Picture]:
        picture = _read(path, found[path])
        width = picture.shape[1]
        left, right = picture[:, : width // 2], picture[:, width // 2 :]
        return (left, right) if direction == "AtoB" else (right, left)

    made = _domain(config, domain, found, lambda path: read(path)[0], labels)
    header = _header(config, made, found.values())
    return _write(Path(out), header, config, found, read, lambda path: [])


def import_folders(
    out: str | Path,
    sources: str | Path,
    targets: str | Path,
    config: PairConfig = FROM_IMPORTS,
    *,
    domain: str = "source",
    labels: bool = False,
) -> int:
    """Pair the pictures of two folders by their stems; return the number of items.

    Args:
        out: A new folder; after an error there is none.
        sources: A folder of sources; sub-folders are searched too.
        targets: A folder of targets, each with the path of its source below the folder, apart
            from the suffix.
        config: Size and fit of both sides; the rest is ignored.
        domain: The name of the imported domain.
        labels: Whether the sources are label maps even if they do not look like it.

    Raises:
        InputError: A folder is missing, empty or taken, a picture cannot be read, has another
            size than its partner, or has no partner (all such are named).
        ConfigError: The domain's name is that of a built-in one, or none that a domain may have.
    """
    _check_domain(domain)
    ours, theirs = _by_stem(Path(sources)), _by_stem(Path(targets))
    ours = _spelled_alike(ours, theirs)
    alone = sorted(set(ours) ^ set(theirs))
    if alone:
        raise InputError(
            f"{sources} and {targets}: no partner for {', '.join(alone)}. "
            "Each picture needs one with the same stem in the other folder."
        )
    partners = {path: ours[key] for key, path in theirs.items()}
    left, right = outlines.read_all(ours.values()), outlines.read_all(theirs.values())
    for key, path in theirs.items():
        source, target = left[partners[path]], right[path]
        if source[:2] != target[:2]:
            raise InputError(
                f"{key}: source is {source.width}x{source.height}, target is "
                f"{target.width}x{target.height}; sizes must match. {_remedy(source, target)}"
            )

    def read(path: Path) -> tuple[Picture, Picture]:
        return _read(partners[path], left[partners[path]]), _read(path, right[path])

    made = _domain(config, domain, left, lambda path: _read(path, left[path]), labels)
    header = _header(config, made, right.values())

    def turned(path: Path) -> list[str]:
        return doubts.of_turning(left[partners[path]], right[path])

    return _write(Path(out), header, config, right, read, turned)


def _remedy(source: Outline, target: Outline) -> str:
    """What to do about two sides of different sizes."""
    if source.orientation == target.orientation:
        return "Resize one of them."
    return f"{doubts.turning(source, target)}: save both upright and without it."


def _check_domain(domain: str) -> None:
    if domain in KINDS:
        raise ConfigError(
            f"domain {domain!r} is made from targets by Nekogao itself. "
            "Give imported sources another name with --domain."
        )


def _by_stem(folder: Path) -> dict[str, Path]:
    """Path below a folder without suffix -> picture."""
    found: dict[str, Path] = {}
    for path in images.find(folder):
        key = path.relative_to(folder).with_suffix("").as_posix()
        if key in found:
            raise InputError(f"{path}: the same stem as {found[key].name}. Rename one.")
        found[key] = path
    return found


def _spelled_alike(ours: dict[str, Path], theirs: dict[str, Path]) -> dict[str, Path]:
    """Our pictures under their keys, where the two differ in nothing but composed letters."""
    composed = defaultdict[str, list[str]](list)
    for key in theirs.keys() - ours.keys():
        composed[normalize("NFC", key)].append(key)
    alone = defaultdict[str, list[str]](list)
    for key in ours.keys() - theirs.keys():
        alone[normalize("NFC", key)].append(key)
    names = {
        keys[0]: composed[name][0]
        for name, keys in alone.items()
        if len(keys) == len(composed[name]) == 1
    }
    return {names.get(key, key): path for key, path in ours.items()}


def _domain(
    config: PairConfig,
    name: str,
    sources: dict[Path, Outline],
    read: Callable[[Path], Picture],
    forced: bool,
) -> Domain:
    """The domain of the sources, which are looked at for being label maps."""
    channels = max(outline.channels for outline in sources.values())
    indexed = all(outline.indexed for outline in sources.values())
    with closing(ahead(lambda path: census(read(path)), sources)) as found:
        labels = survey(found, indexed=indexed, forced=forced)
    if forced and not labels:
        raise InputError(f"{next(iter(sources)).parent}: {NO_LABELS}")
    if labels and config.fit == "pad":
        labels = sorted({*labels, WHITE_LABEL})
    return imported(name, channels, palette_of(labels, channels))


def _header(config: PairConfig, domain: Domain, targets: Iterable[Outline]) -> Header:
    expect(config, PairConfig)
    channels = max(outline.channels for outline in targets)
    return Header(
        size=Size.of(config.size), target_channels=channels, domains={domain.name: domain}
    )


def _read(path: Path, outline: Outline) -> Picture:
    """A picture with as many channels as its file has."""
    return images.as_channels(images.read(path), outline.channels)


def _write(
    out: Path,
    header: Header,
    config: PairConfig,
    targets: Iterable[Path],
    read: Read,
    known: Callable[[Path], list[str]],
) -> int:
    """Read and write one pair after another; what is `known` to be doubtful is kept with it."""
    ((name, domain),) = header.domains.items()

    def entry(path: Path) -> Entry:
        whole, face = read(path)
        source = images.fit(whole, config.size, config.fit, nearest=domain.kind == LABELS)
        target = images.fit(face, config.size, config.fit)
        height, width = face.shape[:2]
        found = known(path) + doubts.of_shape(width, height, header.size, config.fit)
        found += doubts.of_picture("target", target) + doubts.of_picture(name, source)
        return Entry(
            name=path.stem,
            category=path.stem,
            target=images.as_channels(target, header.target_channels),
            sources={name: images.as_channels(source, domain.channels)},
            origin=Origin.of(path, tuple(found)),
        )

    with closing(ahead(entry, targets)) as entries:
        return manifest.write(out, header, entries)
