"""Pages that stand alone: templates, and pictures inside the page itself."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image

from nekogao.pictures.images import Picture
from nekogao.report.legend import WORDS

_HERE = Path(__file__).parent


def embed(picture: Picture, quality: int = 88) -> str:
    """A picture as a data URI (JPEG, which keeps the page small)."""
    buffer = io.BytesIO()
    Image.fromarray(picture).convert("RGB").save(buffer, "JPEG", quality=quality, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def text_of(name: str) -> str:
    """A style sheet or script of this package."""
    return (_HERE / name).read_text(encoding="utf-8")


def render(template: str, context: Mapping[str, Any]) -> str:
    """A template of this package, filled in; text from outside is escaped.

    The words of the legend are known to every template.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals["words"] = WORDS
    return environment.get_template(template).render(context)
