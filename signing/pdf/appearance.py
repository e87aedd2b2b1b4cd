"""Make the pictures of signatures: small PDFs, made once and put on many documents.

`demo_signature` and `demo_seal` draw invented pictures for demonstrations; the seal says MẪU.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import as_file
from io import BytesIO

import typst
from PIL import Image, ImageDraw, ImageFont

from app.kernel.texts import resource
from signing.pdf.forms import figures

_BLUE = (20, 60, 190, 255)
_RED = (205, 20, 25, 255)
_SAMPLE = "MẪU"
_FAINT = 40


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a signature shows in a box of some size (points, as shown): a picture or lines."""

    width: float
    height: float
    image: bytes = b""
    lines: tuple[str, ...] = ()


@lru_cache(maxsize=32)
def stamp_pdf(stamp: Stamp, rotation: int = 0, *, archive: int = 0) -> bytes:
    """Return a one-page PDF of a stamp, turned so that it is upright on a rotated page.

    `archive` is the part of PDF/A to keep to; the first knows no transparency (ISO 19005-1, 6.4).
    """
    if archive == 1 and stamp.image:
        stamp = replace(stamp, image=_ink_alone(stamp.image))
    content = _picture(stamp) if stamp.image else _lines(stamp)
    width, height = stamp.width, stamp.height
    if rotation in (90, 270):
        width, height = height, width
    source = (
        "#set document(date: datetime(year: 2026, month: 1, day: 1))\n"
        f"#set page(width: {width:.3f}pt, height: {height:.3f}pt, margin: 0pt, fill: none)\n"
        f"#place(center + horizon, rotate({-rotation}deg, "
        f"box(width: {stamp.width:.3f}pt, height: {stamp.height:.3f}pt)[{content}]))\n"
    )
    with as_file(resource("fonts")) as fonts:
        face = typst.Fonts(include_system_fonts=False, font_paths=[str(fonts)])
        made = typst.compile(
            source.encode(),
            font_paths=face,
            pdf_tags=False,
            pdf_standards="1.4" if archive == 1 else [],
        )
    return bytes(made)


@lru_cache(maxsize=16)
def demo_signature(seed: str) -> bytes:
    """Return an invented blue hand signature as a transparent PNG; the same for the same seed."""
    width, height = 840, 420
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    turns = 3 + sum(map(ord, seed)) % 4
    sway = 0.6 + (len(seed) % 5) / 10
    points = [
        (
            90 + 620 * t / 400 + 60 * math.sin(t / 400 * turns * 2 * math.pi),
            210 + 120 * sway * math.sin(t / 400 * turns * 2 * math.pi + 1.2) * (1 - t / 700),
        )
        for t in range(401)
    ]
    draw.line(points, fill=_BLUE, width=9, joint="curve")
    draw.line([(120, 330), (460, 300), (760, 240)], fill=_BLUE, width=7, joint="curve")
    draw.text((560, 310), _SAMPLE, fill=_BLUE, font=_font(56))
    return _png(image)


@lru_cache(maxsize=32)
def demo_seal(agency: str) -> bytes:
    """Return an invented red round seal marked MẪU as a transparent PNG."""
    size = 850
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((12, 12, size - 12, size - 12), outline=_RED, width=16)
    draw.ellipse((150, 150, size - 150, size - 150), outline=_RED, width=7)
    _around(image, f"{_SAMPLE} · {agency.upper()} · {_SAMPLE} ·", size)
    font = _font(170)
    draw.text((size / 2, size / 2), _SAMPLE, fill=_RED, font=font, anchor="mm")
    return _png(image)


def _around(image: Image.Image, text: str, size: int) -> None:
    """Write a text around the rim, letter by letter."""
    font = _font(min(74, 2300 // max(len(text), 1) + 22))
    radius = size / 2 - 84
    for index, letter in enumerate(text):
        angle = 2 * math.pi * index / len(text) - math.pi
        tile = Image.new("RGBA", (120, 120), (0, 0, 0, 0))
        ImageDraw.Draw(tile).text((60, 60), letter, fill=_RED, font=font, anchor="mm")
        turned = tile.rotate(-math.degrees(angle), resample=Image.Resampling.BICUBIC)
        x = size / 2 + radius * math.sin(angle) - 60
        y = size / 2 - radius * math.cos(angle) - 60
        image.alpha_composite(turned, (round(x), round(y)))


def _ink_alone(picture: bytes) -> bytes:
    """Return a picture whose points are ink, as on white paper, or nothing at all."""
    with Image.open(BytesIO(picture)) as image:
        ink = image.convert("RGBA")
    made = Image.alpha_composite(Image.new("RGBA", ink.size, "white"), ink)
    made.putalpha(ink.getchannel("A").point(lambda alpha: 255 if alpha > _FAINT else 0))
    return _png(made)


def _font(size: int) -> ImageFont.FreeTypeFont:
    with as_file(resource("fonts", "LiberationSerif-Bold.ttf")) as path:
        return ImageFont.truetype(str(path), size)


def _png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _picture(stamp: Stamp) -> str:
    data = ",".join(map(str, stamp.image))
    return f'#image(bytes(({data},)), width: 100%, height: 100%, fit: "contain")'


def _lines(stamp: Stamp) -> str:
    """Set the text block: upright, black, size 10, the decree's face or its metric twin.

    A line is as high as its letters' size, so that the leading parts lines by what it says.
    """
    text = figures()["text_block_pt"]
    rows = ", ".join(f"[#{_quoted(line)}]" for line in stamp.lines)
    return (
        f'#set text(font: "Liberation Serif", size: {text["size"]}pt, fill: black, '
        "top-edge: 0.8em, bottom-edge: -0.2em)\n"
        f"#align(right + horizon, stack(spacing: {text['leading'] - text['size']}pt, {rows}))"
    )


def _quoted(line: str) -> str:
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
