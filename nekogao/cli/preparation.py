"""Commands from photographs to pair sets."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from nekogao.cli.app import (
    AT_FAULT,
    DONE,
    UsageError,
    app,
    from_the_line,
    note_first_frames,
    note_left_out,
    say,
    tell,
)
from nekogao.config.pairs import FROM_FACES, FROM_IMPORTS, PairConfig
from nekogao.names import Fit, counted
from nekogao.sizes import Size


@app.command
def faces(
    photos: Annotated[Positional[Path], arg(metavar="PHOTOS")],
    out: Annotated[Positional[Path], arg(metavar="OUT")],
    kind: Literal["auto", "cat", "human"] = "auto",
    every_face: bool = False,
    fallback: Literal["none", "centre"] = "none",
    boxes: Path | None = None,
    look: bool = False,
) -> int:
    """Cut faces out of photographs; sub-folders are categories.

    Args:
        photos: A folder of photographs; they are never changed.
        out: A new folder for crops, boxes.csv, misses.txt and sheet.png.
        kind: Whose faces to look for. Dogs come out through the cat and human cascades, less
            often.
        every_face: Keep every face of a photograph, not only the best.
        fallback: What to crop where no face is found: nothing, or the centre square.
        boxes: A boxes.csv, edited by hand, to be used instead of looking.
        look: Write boxes.html too, a page on which boxes are moved and turned and the table is
            saved. For a folder OUT that `faces` wrote before, write this page alone.
    """
    from nekogao.pictures import faces as finder
    from nekogao.pictures.boxes import BOXES

    if look and (out / BOXES).is_file():
        return _look(photos, out)
    note_left_out(photos)
    note_first_frames(photos)
    found = finder.crop(
        photos, out, kind=kind, every_face=every_face, fallback=fallback, boxes=boxes
    )
    broken = [photo for photo in found if photo.error]
    hits = [p for p in found if p.boxes and p.boxes[0].kind != "centre"]
    crops = sum(len(photo.boxes) for photo in found)
    photographs = counted(len(found), "photograph")
    say(f"{photographs}, {len(hits)} with a face, {counted(crops, 'crop')} in {out}")
    missed = len(found) - len(hits) - len(broken)
    if len(hits) < len(found):
        say(f"misses: {out / finder.MISSES}; fix {out / 'boxes.csv'} and pass it with --boxes")
    if missed > len(hits) and fallback != "centre":
        say(
            f"no face in {counted(missed, 'photograph')}: --fallback centre cuts out their "
            "centre squares"
        )
    if look:
        _look(photos, out)
    for photo in broken:
        tell(photo.error)
    return AT_FAULT if broken else DONE


def _look(photos: Path, out: Path) -> int:
    from nekogao.report.boxes import build_boxes

    say(f"Open {build_boxes(photos, out).resolve()}")
    return DONE


@app.command
def pairs(
    faces: Annotated[Positional[Path], arg(metavar="FACES")],
    out: Annotated[Positional[Path], arg(metavar="OUT")],
    domains: tuple[str, ...] = FROM_FACES.domains,
    size: Annotated[str, arg(metavar="SIZE")] = str(FROM_FACES.size),
    fit: Fit = FROM_FACES.fit,
    low: int = FROM_FACES.low,
    high: int = FROM_FACES.high,
) -> int:
    """Make a pair set from face crops, or from any folder of pictures.

    Args:
        faces: What `nekogao faces` wrote, or a folder of pictures; sub-folders are categories.
        out: A new folder.
        domains: Ways of turning a face into a network's input: gray, edges, colour
            (the picture itself), sketch (edges as a hand draws them).
        size: Pixels a side, or WIDTHxHEIGHT; each side from 32 to 512.
        fit: How a picture of other proportions gets these.
        low: Canny's lower threshold, for edges.
        high: Canny's upper threshold, for edges.
    """
    from nekogao.pairs.build import build, root_of
    from nekogao.pictures.domains import built_in

    with from_the_line("pairs"):
        config = PairConfig(domains=domains, size=size, fit=fit, low=low, high=high)
        for name in domains:
            built_in(name, low, high)
    note_left_out(root_of(faces))
    note_first_frames(root_of(faces))
    count = build(faces, out, config)
    items = counted(count, "item")
    say(f"{items}, {Size.of(size)}, domains {', '.join(domains)}, in {out}")
    _show_notes(out)
    return DONE


def _show_notes(out: Path) -> None:
    """Show which domains are label maps, and what is doubtful about the items of a new set."""
    from nekogao.pairs.pair_set import PairSet

    found = PairSet.open(out)
    for domain in found.header.domains.values():
        if domain.palette:
            say(f"{domain.name}: label maps of {counted(len(domain.palette), 'colour')}")
    for item in found.items:
        for doubt in item.origin.doubts:
            tell(f"{item.id}: {doubt}")


@partial(app.command, name="import")
def import_(
    out: Annotated[Positional[Path], arg(metavar="OUT")],
    hdf5: tuple[str, ...] = (),
    aligned: Path | None = None,
    direction: Literal["AtoB", "BtoA"] = "AtoB",
    folders: tuple[Path, Path] | None = None,
    frames: Path | None = None,
    painted: Path | None = None,
    domain: str | None = None,
    labels: tuple[str, ...] = (),
    size: Annotated[str, arg(metavar="SIZE")] = str(FROM_IMPORTS.size),
    fit: Fit = FROM_IMPORTS.fit,
) -> int:
    """Make a pair set from HDF5 files, aligned A|B pictures, two folders, or painted frames.

    Args:
        out: A new folder.
        hdf5: DOMAIN=FILE for each file; files are merged by matching their targets.
        aligned: A folder of pictures that show A on the left half and B on the right.
        direction: Which half of an aligned picture is the source.
        folders: A folder of sources and one of targets, paired by stem.
        frames: A video or an animation of which some frames were painted.
        painted: A folder of its painted frames. Names end with the frame's number, counted from
            0, as in key-50.png; where any does not, each belongs to the frame it resembles most.
        domain: What to call the imported domain (all but HDF5); source, or frames for painted
            frames, where it is not given.
        labels: Domains whose sources are label maps, where they do not look like it: scaled by
            nearest neighbour and never blended.
        size: Pixels a side, or WIDTHxHEIGHT (all but HDF5); each side from 32 to 512.
        fit: How a picture of other proportions gets these (all but HDF5).
    """
    from nekogao.pairs.hdf5 import import_hdf5
    from nekogao.pairs.imports import import_aligned, import_folders
    from nekogao.pictures.domains import imported, of_kind

    if sum(map(bool, (hdf5, aligned, folders, frames))) != 1:
        raise UsageError("import: give one of --hdf5, --aligned, --folders, --frames")
    if bool(frames) != bool(painted):
        raise UsageError("import: --frames CLIP and --painted FOLDER belong together; give both")
    if frames and labels:
        raise UsageError("import: --labels does not go with --frames, whose sources are pictures")
    domain = domain or ("frames" if frames else "source")
    with from_the_line("import"):
        config = PairConfig(size=size, fit=fit)
        if frames:
            of_kind("colour", domain)
        else:
            imported(domain, 1)
    if hdf5:
        named = [part.partition("=") for part in hdf5]
        if not all(name and path for name, _, path in named):
            raise UsageError("import: --hdf5 takes DOMAIN=FILE, as in edges=edges.hdf5")
        if len({name for name, *_ in named}) < len(named):
            raise UsageError("import: --hdf5 names a domain twice")
        files = {name: path for name, _, path in named}
        if unknown := set(labels) - set(files):
            raise UsageError(f"import: --labels {min(unknown)}: --hdf5 names no such domain")
        count = import_hdf5(out, files, labels=labels)
    elif set(labels) - {domain}:
        raise UsageError(f"import: --labels takes the domain's name, which is {domain}")
    elif aligned:
        note_left_out(aligned)
        note_first_frames(aligned)
        count = import_aligned(
            out, aligned, config, direction=direction, domain=domain, labels=domain in labels
        )
    elif frames and painted:
        count = _import_frames(out, frames, painted, config, domain)
    else:
        assert folders is not None
        note_left_out(*folders)
        note_first_frames(*folders)
        count = import_folders(out, *folders, config, domain=domain, labels=domain in labels)
    say(f"{counted(count, 'item')} in {out}")
    _show_notes(out)
    return DONE


def _import_frames(out: Path, clip: Path, painted: Path, config: PairConfig, domain: str) -> int:
    """Import painted frames, and show which frame each of them belongs to."""
    from nekogao.pairs.frames import import_frames, numbers
    from nekogao.pairs.pair_set import PairSet

    note_left_out(painted)
    note_first_frames(painted)
    count = import_frames(out, clip, painted, config, domain=domain)
    origins = [item.origin for item in PairSet.open(out).items]
    by_number = numbers([Path(origin.file) for origin in origins]) is not None
    way = "by the number in its name" if by_number else "by likeness"
    for origin in origins:
        say(f"{Path(origin.file).name} -> frame {origin.index}, {way}")
    return count


@app.command
def doctor(
    pairs: Annotated[Positional[Path], arg(metavar="PAIRS")], snap: Path | None = None
) -> int:
    """Examine a pair set; list everything that is wrong with it.

    Args:
        pairs: A pair set.
        snap: A new folder for a copy of the set in which every stray pixel of a label map has the
            nearest label.
    """
    from nekogao.pairs.doctor import examine, snap_to_palettes
    from nekogao.pairs.pair_set import PairSet

    if snap is not None:
        count = snap_to_palettes(pairs, snap)
        items = counted(count, "item")
        say(f"{items} in {snap}, label maps snapped to their palettes")
        return DONE
    faults = examine(pairs)
    for fault in faults:
        say(fault)
    if faults:
        tell(f"{pairs}: {counted(len(faults), 'fault')}")
        return AT_FAULT
    found = PairSet.open(pairs)
    say(
        f"{pairs}: sound. {counted(len(found), 'item')}, {found.size}, "
        f"{counted(len(found.domains), 'domain')} ({', '.join(found.domains)}), "
        f"each target once and with a source in every domain"
    )
    return DONE
