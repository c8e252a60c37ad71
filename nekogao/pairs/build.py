"""Building pair sets from faces, or from any pictures."""

from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path

from nekogao.config.pairs import FROM_FACES, PairConfig
from nekogao.errors import PictureError, expect
from nekogao.names import Fit
from nekogao.pairs import doubts, manifest
from nekogao.pairs.item import Header
from nekogao.pairs.manifest import Entry
from nekogao.pairs.origin import Origin
from nekogao.pictures import boxes, decoding, images
from nekogao.pictures.domains import built_in
from nekogao.pictures.images import Picture
from nekogao.sizes import Size
from nekogao.workers import ahead


def build(faces: str | Path, out: str | Path, config: PairConfig = FROM_FACES) -> int:
    """Make a pair set from face crops or any folder of pictures; return the number of items.

    >>> nekogao.build_pairs("photos", "my-set", nekogao.PairConfig(size=64))
    4

    Args:
        faces: What `nekogao faces` wrote, or a folder of pictures; sub-folders are categories.
        out: A new folder; after an error there is none.
        config: Domains, size, fit and thresholds.

    Raises:
        InputError: A folder is missing, empty or taken.
        PictureError: A picture cannot be read; PicturesError for several, which names all.
        ConfigError: A domain is unknown, or the thresholds are out of order.
    """
    header = _header(config)
    with closing(entries_of(Path(faces), header, config.fit)) as entries:
        return manifest.write(Path(out), header, entries)


def entries_of(faces: Path, header: Header, fit: Fit) -> Generator[Entry]:
    """The items that face crops, or any pictures, become in a set with that header.

    Raises as `build` does; several pictures that cannot be read are named together, at the end.
    """
    known = boxes.origins(faces)
    root = root_of(faces)

    def entry(path: Path) -> Entry | PictureError:
        try:
            picture = images.read(path)
        except PictureError as error:
            return error
        row = known.get(path.relative_to(root).as_posix())
        category = path.parent.name if path.parent != root else path.stem
        target = images.fit(picture, header.size, fit)
        height, width = picture.shape[:2]
        found = doubts.of_shape(width, height, header.size, fit)
        found += doubts.of_picture("target", target)
        origin = Origin.cut(row, tuple(found)) if row else Origin.of(path, tuple(found))
        return _entry(path.stem, category, target, header, origin)

    with closing(ahead(entry, images.find(root))) as entries:
        yield from decoding.sound(entries)


def root_of(faces: Path) -> Path:
    """The folder whose pictures `build` takes: the crops, where `nekogao faces` wrote some."""
    return faces / boxes.CROPS if (faces / boxes.CROPS).is_dir() else faces


def build_from(
    pictures: Iterable[tuple[str, Picture]], out: str | Path, config: PairConfig = FROM_FACES
) -> int:
    """Make a pair set from named pictures that come from no file; return the number of items.

    The pictures are taken one after another, so that they need not fit in memory together.

    Args:
        pictures: Names, which may repeat, and pictures: uint8 arrays h w 3 (RGB) or h w, 0..255.
        out: A new folder; after an error there is none.
        config: Domains, size, fit and thresholds.

    Raises:
        InputError: `out` is taken, or what came is no such picture.
        PairSetError: No picture came.
        ConfigError: A domain is unknown, or the thresholds are out of order.
    """
    header = _header(config)

    def entry(named: tuple[str, object]) -> Entry:
        name, picture = named
        checked = images.rgb(images.check_picture(picture, name))
        target = images.fit(checked, config.size, config.fit)
        return _entry(name, name, target, header, Origin())

    with closing(ahead(entry, pictures)) as entries:
        return manifest.write(Path(out), header, entries)


def _header(config: PairConfig) -> Header:
    expect(config, PairConfig)
    chosen = {name: built_in(name, config.low, config.high) for name in config.domains}
    return Header(size=Size.of(config.size), target_channels=3, domains=chosen)


def _entry(name: str, category: str, target: Picture, header: Header, origin: Origin) -> Entry:
    sources = {key: domain.source(target) for key, domain in header.domains.items()}
    return Entry(name, category, target, sources, origin)
