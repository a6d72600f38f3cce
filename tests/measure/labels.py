"""Pictures of labels as a phone's camera sees them when it is hard: out of a seed, four difficulties, four kinds of codes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from tests.measure.codes import Modules, code_39, code_128, data_matrix, qr

FRAME = (1280, 720)
FINE = 2
"""Drawn so many times larger, then made smaller as a lens would."""
CODES: dict[str, Callable[[str], Modules]] = {"Code 128": code_128, "Code 39": code_39, "Data Matrix": data_matrix, "QR": qr}
DIFFICULTIES = ("tilted", "blurred", "faint", "dense")
EACH = 5
"""So many pictures of each difficulty and each code."""


@dataclass(frozen=True)
class Shot:
    """A picture, what is on it, and what a technician wants to read from it: `wanted` is terminal or sim."""

    name: str
    difficulty: str
    code: str
    wanted: str
    number: str
    picture: Image.Image


def shots(seed: int, each: int = EACH) -> Iterator[Shot]:
    """All pictures; the same seed gives the same."""
    for difficulty in DIFFICULTIES:
        for code in CODES:
            for n in range(each):
                dice = random.Random(f"{seed} {difficulty} {code} {n}")
                wanted = "sim" if n % 3 == 2 else "terminal"
                yield _shot(dice, f"{difficulty}-{code}-{n}".replace(" ", ""), difficulty, code, wanted)


def luhn(digits: str) -> str:
    """The digits with their check digit."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def imei(dice: random.Random) -> str:
    """One that proves itself."""
    return luhn("86" + "".join(dice.choice("0123456789") for _ in range(12)))


def iccid(dice: random.Random) -> str:
    """Twenty digits as on a card."""
    return "8986" + "".join(dice.choice("0123456789") for _ in range(16))


def imsi(dice: random.Random) -> str:
    """What a SIM is called by its carrier."""
    return "46000" + "".join(dice.choice("0123456789") for _ in range(10))


def serial(dice: random.Random) -> str:
    """A maker's own number."""
    return f"T{dice.randint(10**8, 10**9 - 1)}"


def _shot(dice: random.Random, name: str, difficulty: str, code: str, wanted: str) -> Shot:
    number = iccid(dice) if wanted == "sim" else serial(dice)
    beside = [("IMEI", imei(dice))] if wanted == "terminal" else []
    if difficulty == "dense":
        beside += [("ICCID", iccid(dice)), ("P/N", f"PN-{dice.randint(100, 999)}/A")] if beside else [("IMSI", imsi(dice))]
    module = _module(dice, difficulty, code)
    label = drawn_label(code, wanted, number, beside, module * FINE)
    return Shot(name, difficulty, code, wanted, number, WAYS[difficulty](dice, _laid(dice, label, difficulty)))


def _module(dice: random.Random, difficulty: str, code: str) -> float:
    """How many pixels of the picture a module is wide."""
    flat = code in ("Code 128", "Code 39")
    small, large = {"dense": (1.15, 1.9) if flat else (1.7, 2.9)}.get(difficulty, (2.0, 3.0) if flat else (4.0, 7.0))
    return dice.uniform(small, large) * (0.6 if code == "Code 39" else 1)


def drawn_label(code: str, wanted: str, number: str, beside: list[tuple[str, str]], module: float) -> Image.Image:
    """The wanted number as the kind of code that is asked for, others beside it as bars, all with their numbers in letters."""
    parts = [(CODES[code](number if code != "QR" or not beside else _said(wanted, number, beside)), number)]
    parts += [(code_128(other), f"{word} {other}") for word, other in (beside if code != "QR" else beside[1:])]
    drawn = [_drawn(modules, told, module if at == 0 else max(module, 2.0)) for at, (modules, told) in enumerate(parts)]
    wide, high = max(one.width for one in drawn) + 80, sum(one.height for one in drawn) + 60
    label = Image.new("L", (wide, high), 250)
    top = 30
    for one in drawn:
        label.paste(one, (40, top))
        top += one.height
    return label


def _said(wanted: str, number: str, beside: list[tuple[str, str]]) -> str:
    told = [("ICCID" if wanted == "sim" else "SN", number), *beside[:1]]
    return ";".join(f"{word}:{text}" for word, text in told)


def _drawn(modules: Modules, told: str, module: float) -> Image.Image:
    bars = len(modules) == 1
    small = Image.new("1", (len(modules[0]), len(modules)), 1)
    small.putdata([0 if dark else 1 for row in modules for dark in row])
    wide = round(len(modules[0]) * module)
    # Drawn at a whole number of pixels, then brought to its size: no module is wider than the next.
    fine = small.convert("L").resize((len(modules[0]) * 8, 8 if bars else len(modules) * 8), Image.Resampling.NEAREST)
    code = fine.resize((wide, round(max(90, wide * 0.16)) if bars else wide), Image.Resampling.BOX)
    quiet = round(module * 10)
    whole = Image.new("L", (code.width + 2 * quiet, code.height + 2 * quiet // (2 if bars else 1) + 44), 250)
    whole.paste(code, (quiet, quiet // (2 if bars else 1)))
    ImageDraw.Draw(whole).text((quiet, whole.height - 40), told, fill=20, font=ImageFont.load_default(26))
    return whole


def _laid(dice: random.Random, label: Image.Image, difficulty: str) -> Image.Image:
    """The label somewhere on a dark thing, turned and seen from the side as its difficulty wants."""
    wide, high = FRAME[0] * FINE, FRAME[1] * FINE
    turn, lean = (dice.choice((-1, 1)) * dice.uniform(10, 50), 0.35) if difficulty == "tilted" else (dice.uniform(-4, 4), 0.06)
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    spans = (abs(label.width * cos) + abs(label.height * sin), abs(label.width * sin) + abs(label.height * cos))
    size = min(1.0, wide * 0.96 / spans[0], high * 0.96 / spans[1])
    away = lambda: 1 - dice.uniform(0, lean)  # noqa: E731
    corners = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        far, u, v = away(), x * label.width / 2 * size, y * label.height / 2 * size
        corners.append((wide / 2 + (u * cos - v * sin) * far, high / 2 + (u * sin + v * cos) * far))
    flat = [(0, 0), (label.width, 0), (label.width, label.height), (0, label.height)]
    how = (Image.Transform.PERSPECTIVE, _perspective(corners, flat), Image.Resampling.BICUBIC)
    seen = label.transform((wide, high), *how, fillcolor=0)
    mask = Image.new("L", label.size, 255).transform((wide, high), *how, fillcolor=0)
    ground = Image.effect_noise((wide // 8, high // 8), 40).resize((wide, high)).point(lambda tone: tone * 0.5)
    return Image.composite(seen, ground, mask).resize(FRAME, Image.Resampling.BOX)


def _perspective(seen: list[tuple[float, float]], flat: list[tuple[float, float]]) -> list[float]:
    """The eight numbers by which Pillow finds, for each point that is seen, the point of the flat picture."""
    rows, right = [], []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return _solved(rows, right)


def _solved(rows: list[list[float]], right: list[float]) -> list[float]:
    whole = [[*row, value] for row, value in zip(rows, right, strict=True)]
    for at in range(len(whole)):
        best = max(range(at, len(whole)), key=lambda row: abs(whole[row][at]))
        whole[at], whole[best] = whole[best], whole[at]
        whole[at] = [value / whole[at][at] for value in whole[at]]
        for row in range(len(whole)):
            if row != at:
                factor = whole[row][at]
                whole[row] = [one - factor * two for one, two in zip(whole[row], whole[at], strict=True)]
    return [row[-1] for row in whole]


# --- what makes it hard beside its place


def _noisy(dice: random.Random, picture: Image.Image, strength: float) -> Image.Image:
    # Pillow's own noise knows no seed: a tile of ours, repeated.
    tile = Image.frombytes("L", (256, 256), bytes(max(0, min(255, round(dice.gauss(128, strength)))) for _ in range(65536)))
    noise = Image.new("L", picture.size)
    for x in range(0, picture.width, 256):
        for y in range(0, picture.height, 256):
            noise.paste(tile, (x, y))
    return ImageChops.add(picture, noise, 1, -128)


def _tilted(dice: random.Random, picture: Image.Image) -> Image.Image:
    return _noisy(dice, picture.filter(ImageFilter.GaussianBlur(0.7)), 5)


def _blurred(dice: random.Random, picture: Image.Image) -> Image.Image:
    if dice.random() < 0.5:
        return _noisy(dice, picture.filter(ImageFilter.GaussianBlur(dice.uniform(1.4, 3.0))), 4)
    return _noisy(dice, _shaken(picture, dice.randint(3, 8), dice.choice((0, 1))), 4)


def _shaken(picture: Image.Image, far: int, upwards: int) -> Image.Image:
    """The mean of the picture at `far` places beside each other."""
    whole = picture
    for at in range(1, far):
        whole = Image.blend(whole, ImageChops.offset(picture, at, at * upwards), 1 / (at + 1))
    return whole


def _faint(dice: random.Random, picture: Image.Image) -> Image.Image:
    reach, floor = dice.uniform(22, 70) / 255, dice.uniform(60, 130)
    faint = picture.point(lambda tone: floor + tone * reach)
    shade = Image.linear_gradient("L").rotate(dice.choice((0, 90, 180, 270))).resize(FRAME).point(lambda tone: tone * 0.35)
    lit = ImageChops.add(faint, shade)
    glare, size = Image.radial_gradient("L"), dice.randint(260, 520)
    spot = ImageChops.invert(glare).resize((size, size)).point(lambda tone: max(0, tone - 90) * 1.5)
    light = Image.new("L", FRAME, 0)
    light.paste(spot, (dice.randint(200, 900), dice.randint(40, 420)))
    return _noisy(dice, ImageChops.add(lit, light).filter(ImageFilter.GaussianBlur(0.8)), 3)


def _dense(dice: random.Random, picture: Image.Image) -> Image.Image:
    return _noisy(dice, picture.filter(ImageFilter.GaussianBlur(dice.uniform(0.4, 0.9))), 4)


WAYS = {"tilted": _tilted, "blurred": _blurred, "faint": _faint, "dense": _dense}
