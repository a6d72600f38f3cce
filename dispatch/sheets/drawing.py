"""What a sheet shows beside words: strokes of a signature, the QR code, the seal, photos at the size they are printed."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Iterator, Sequence

import segno
from markupsafe import Markup
from PIL import Image

INK = "#14213d"
SEAL_RED = "#c8261b"
PHOTO_PIXELS = 1000
"""The longer side of a photo on paper: 80 mm at about 300 dots an inch."""

Stroke = Sequence[Sequence[float]]
"""Points of one movement of the finger: x and y in any one unit, then whatever else was measured."""


def signature_svg(strokes: Sequence[Stroke], width: float, height: float) -> Markup:
    """The strokes of a signature as an SVG of `width` x `height` units, as large as fits, its shape kept."""
    lines = [points for stroke in strokes if (points := _points(stroke))]
    if not lines:
        return _svg(width, height, "")
    xs, ys = [x for line in lines for x, _ in line], [y for line in lines for _, y in line]
    left, top = min(xs), min(ys)
    margin = height * 0.06
    wide, high = max(max(xs) - left, 1e-6), max(max(ys) - top, 1e-6)
    scale = min((width - 2 * margin) / wide, (height - 2 * margin) / high)
    right, down = (width - wide * scale) / 2 - left * scale, (height - high * scale) / 2 - top * scale
    placed = [[(x * scale + right, y * scale + down) for x, y in line] for line in lines]
    pen = height / 32
    drawn = "".join(_drawn(line, pen) for line in placed)
    style = f'fill="none" stroke="{INK}" stroke-width="{pen:.2f}" stroke-linecap="round" stroke-linejoin="round"'
    return _svg(width, height, f"<g {style}>{drawn}</g>")


def _points(stroke: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """A stroke's points as pairs, whatever the device measured besides left out."""
    return [(float(point[0]), float(point[1])) for point in stroke]


def _drawn(line: Sequence[tuple[float, float]], pen: float) -> str:
    """One stroke, rounded through the middles of its points; a dot where the finger did not move."""
    x, y = line[0]
    if len(line) == 1:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{pen:.1f}" fill="{INK}" stroke="none"/>'
    return f'<path d="M{x:.1f} {y:.1f}{"".join(_bends(line))}L{line[-1][0]:.1f} {line[-1][1]:.1f}"/>'


def _bends(line: Sequence[tuple[float, float]]) -> Iterator[str]:
    for (x, y), (next_x, next_y) in itertools.pairwise(line[1:]):
        yield f"Q{x:.1f} {y:.1f} {(x + next_x) / 2:.1f} {(y + next_y) / 2:.1f}"


def _svg(width: float, height: float, inside: str) -> Markup:
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    return Markup(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{inside}</svg>')  # noqa: S704 - numbers only


def qr_svg(address: str) -> Markup:
    """The QR code of an address; a quarter of it may be hidden or dirty and it still reads."""
    drawn = io.BytesIO()
    segno.make(address, error="q", micro=False, boost_error=False).save(drawn, kind="svg", xmldecl=False, border=0, omitsize=True)
    return Markup(drawn.getvalue().decode())  # noqa: S704 - drawn by the library


def seal_svg(name: str, line: str) -> Markup:
    """A round seal of 100 x 100 units: a star, the branch's `name` along the rim, and `line` below the star."""
    rim = "".join(_rim_letters(name))
    points = " ".join(f"{50 + r * math.sin(a):.2f},{50 - r * math.cos(a):.2f}" for r, a in _star())
    text = f'<text x="50" y="80" font-size="9.5" text-anchor="middle">{Markup.escape(line)}</text>'
    circle = f'<circle cx="50" cy="50" r="47.5" fill="none" stroke="{SEAL_RED}" stroke-width="2.4"/>'
    font = f'font-family="Noto Sans SC" font-weight="700" fill="{SEAL_RED}"'
    return _svg(100, 100, f'{circle}<g {font}>{rim}{text}</g><polygon points="{points}" fill="{SEAL_RED}"/>')


def _star() -> Iterator[tuple[float, float]]:
    """Radius and angle of the ten corners of a five-pointed star."""
    for corner in range(10):
        yield (13.5 if corner % 2 == 0 else 5.2), corner * math.pi / 5


def _rim_letters(name: str) -> Iterator[str]:
    """The letters one by one, standing on the rim from lower left over the top to lower right; many letters get smaller."""
    widths = [1.0 if ord(letter) > 0x2E80 else 0.6 for letter in name]
    size = min(12.5, 150 / max(sum(widths), 1))
    span = min(250.0, sum(widths) * size * 1.35 / 38 * 180 / math.pi)
    step = span / max(sum(widths), 1)
    angle = -span / 2
    for letter, width in zip(name, widths, strict=True):
        middle = angle + width * step / 2
        angle += width * step
        turned = f'transform="rotate({middle:.2f} 50 50)" x="50" y="{50 - 42 + size * 0.9:.2f}"'
        yield f'<text {turned} font-size="{size:.2f}" text-anchor="middle">{Markup.escape(letter)}</text>'


def photo_for_print(jpeg: bytes) -> bytes:
    """A photo no larger than paper shows. Decoding skips what is not needed, so that 12 megapixels cost little."""
    with Image.open(io.BytesIO(jpeg)) as photo:
        photo.draft("RGB", (PHOTO_PIXELS, PHOTO_PIXELS))
        small = photo.convert("RGB")
    small.thumbnail((PHOTO_PIXELS, PHOTO_PIXELS))
    written = io.BytesIO()
    small.save(written, "JPEG", quality=80)
    return written.getvalue()
