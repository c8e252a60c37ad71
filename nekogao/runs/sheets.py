"""Sheets: source, generated, target; and the film of how they changed."""

from pathlib import Path

from PIL import Image, ImageDraw
from torch import Tensor

from nekogao.files import write_atomically
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.sizes import Size

_FRAME = 64
"""The longer side of a face in the film."""
_MILLISECONDS = 250


def draw(sources: Tensor, outputs: Tensor, targets: Tensor) -> Picture:
    """A sheet of three rows (source, generated, target), one column per picture."""
    return images.tile([images.from_tensor(batch) for batch in (sources, outputs, targets)])


def name(step: int, domain: str) -> str:
    """The file name of a sheet; names sort by step."""
    return f"{step:06d}-{domain}.png"


def unseen_name(domain: str) -> str:
    """The file name of the sheet of what was never seen."""
    return f"unseen-{domain}.png"


def sheets(folder: Path) -> dict[str, dict[int, Path]]:
    """Domain -> step -> sheet, in order of steps, for what is in a previews folder."""
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(folder.glob("*-*.png")):
        step, _, domain = path.stem.partition("-")
        if step.isdigit():
            found.setdefault(domain, {})[int(step)] = path
    return {domain: dict(sorted(by_step.items())) for domain, by_step in sorted(found.items())}


def write_film(folder: Path, path: Path, columns: int) -> None:
    """An animated GIF of the generated rows of every domain, one below the other.

    Without sheets nothing is written.
    """
    by_domain = sheets(folder)
    steps = sorted({step for by_step in by_domain.values() for step in by_step})
    frames = [_frame(by_domain, step, columns) for step in steps]
    if frames:
        durations = [_MILLISECONDS] * (len(frames) - 1) + [8 * _MILLISECONDS]
        write_atomically(
            path,
            lambda temporary: frames[0].save(
                temporary, "GIF", save_all=True, append_images=frames[1:], duration=durations,
                loop=0,
            ),
        )  # fmt: skip


def _frame(by_domain: dict[str, dict[int, Path]], step: int, columns: int) -> Image.Image:
    rows: list[tuple[str, Image.Image]] = []
    small = Size(_FRAME, _FRAME)
    for domain, by_step in by_domain.items():
        if step in by_step:
            with Image.open(by_step[step]) as sheet:
                third = (sheet.height - 4) // 3
                small = Size((sheet.width + 2) // columns - 2, third).within(_FRAME)
                middle = sheet.convert("RGB").crop((0, third + 2, sheet.width, 2 * third + 2))
            rows.append((domain, middle.resize((columns * (small.width + 1), small.height))))
    width = max(row.width for _, row in rows)
    frame = Image.new("RGB", (width, len(rows) * (small.height + 14) + 2), "white")
    pen = ImageDraw.Draw(frame)
    for i, (domain, row) in enumerate(rows):
        top = i * (small.height + 14)
        pen.text((2, top + 1), f"{domain}, step {step}", fill="black")
        frame.paste(row, (0, top + 13))
    return frame.quantize(128)
