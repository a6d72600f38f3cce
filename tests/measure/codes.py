"""Codes of labels drawn from scratch: rows of dark and light modules, of one line for those of bars."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import segno

Modules = list[list[bool]]

_CODE_39 = dict(
    zip(
        "1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ-. *",
        # wide bars of five, wide space of four; see `_bars_39`
        [(bars, space) for space in (1, 2, 3, 0) for bars in (17, 9, 24, 5, 20, 12, 3, 18, 10, 6)],
        strict=True,
    )
)
_WIDTHS_128 = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221223211221132"
    "221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321112313132113132311211313"
    "231113231311112133112331132131113123113321133121313121211331231131213113213311213131311123311321331121312113312311332111"
    "314111221411431111111224111422121124121421141122141221112214112412122114122411142112142211241211221114413111241112134111"
    "111242121142121241114212124112124211411212421112421211212141214121412121111143111341131141114113114311411113411311113141"
    "114131311141411131211412211214211232"
)


def code_39(text: str) -> Modules:
    """Narrow and wide bars, without a check digit."""
    row: list[bool] = []
    for letter in f"*{text}*":
        bars, space = _CODE_39[letter]
        for place in range(5):
            row += [True] * (2 + (bars >> (4 - place) & 1) * 3)
            if place < 4:
                row += [False] * (5 if space == place else 2)
        row += [False] * 2
    return [row]


def code_128(text: str) -> Modules:
    """Set C for an even number of digits, else set B."""
    if text.isdigit() and len(text) % 2 == 0:
        codes = [105, *(int(text[at : at + 2]) for at in range(0, len(text), 2))]
    else:
        codes = [104, *(ord(letter) - 32 for letter in text)]
    codes += [(codes[0] + sum(place * code for place, code in enumerate(codes))) % 103]
    widths = "".join(_WIDTHS_128[6 * code : 6 * code + 6] for code in codes) + "2331112"
    return [[place % 2 == 0 for place, width in enumerate(widths) for _ in range(int(width))]]


def qr(text: str) -> Modules:
    """As small as it can be, with a middling correction."""
    return [[bool(cell) for cell in row] for row in segno.make(text, error="m", micro=False).matrix]


# --- Data Matrix, ECC 200, one region

_SIZES = ((10, 3, 5), (12, 5, 7), (14, 8, 10), (16, 12, 12), (18, 18, 14), (20, 22, 18), (22, 30, 20), (24, 36, 24), (26, 44, 28))


def data_matrix(text: str) -> Modules:
    """The smallest square that holds it."""
    codes = _ascii(text)
    size, room, checks = next(one for one in _SIZES if one[1] >= len(codes))
    if len(codes) < room:
        codes.append(129)
    while len(codes) < room:
        codes.append(_padding(len(codes) + 1))
    inside = _placed(codes + _checks(codes, checks), size - 2)
    rows = [[place % 2 == 0 for place in range(size)]]
    rows += [[True, *line, at % 2 == 0] for at, line in enumerate(inside)]
    return [*rows, [True] * size]


def _padding(place: int) -> int:
    value = 129 + (149 * place) % 253 + 1
    return value if value <= 254 else value - 254


def _ascii(text: str) -> list[int]:
    codes, at = [], 0
    while at < len(text):
        pair = text[at : at + 2]
        if len(pair) == 2 and pair.isdigit():
            codes.append(130 + int(pair))
            at += 2
        else:
            codes.append(ord(text[at]) + 1)
            at += 1
    return codes


def _power(n: int) -> int:
    value = 1
    for _ in range(n % 255):
        value = value << 1 ^ (0x12D if value & 0x80 else 0)
    return value


_POWERS = [_power(n) for n in range(255)]
_LOGS = {value: n for n, value in enumerate(_POWERS)}


def _times(a: int, b: int) -> int:
    return _POWERS[(_LOGS[a] + _LOGS[b]) % 255] if a and b else 0


def _checks(codes: list[int], count: int) -> list[int]:
    generator = [1]
    for n in range(1, count + 1):
        shifted, scaled = [*generator, 0], [0, *(_times(one, _POWERS[n]) for one in generator)]
        generator = [a ^ b for a, b in zip(shifted, scaled, strict=True)]
    rest = [0] * count
    for code in codes:
        first = code ^ rest[0]
        rest = [one ^ _times(first, factor) for one, factor in zip([*rest[1:], 0], generator[1:], strict=True)]
    return rest


def _placed(codes: list[int], size: int) -> Modules:
    """The bits of all codes in the diagonal order of the standard."""
    cells: dict[tuple[int, int], bool] = {}
    order = itertools.count()

    def put(row: int, column: int, code: int, bit: int) -> None:
        if row < 0:
            row, column = row + size, column + 4 - (size + 4) % 8
        if column < 0:
            row, column = row + 4 - (size + 4) % 8, column + size
        cells[row, column] = bool(codes[code] >> (8 - bit) & 1)

    def utah(row: int, column: int) -> None:
        code = next(order)
        for bit, (down, right) in enumerate(((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0)), 1):
            put(row + down, column + right, code, bit)

    _walk(size, cells, utah, lambda places: _corner(put, next(order), places, size))
    return [[cells.get((row, column), row == column) for column in range(size)] for row in range(size)]


_CORNERS: dict[int, list[tuple[int, int]]] = {
    1: [(-1, 0), (-1, 1), (-1, 2), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)],
    2: [(-3, 0), (-2, 0), (-1, 0), (0, -4), (0, -3), (0, -2), (0, -1), (1, -1)],
    3: [(-3, 0), (-2, 0), (-1, 0), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)],
    4: [(-1, 0), (-1, -1), (0, -3), (0, -2), (0, -1), (1, -3), (1, -2), (1, -1)],
}


def _corner(put: Callable[[int, int, int, int], None], code: int, which: int, size: int) -> None:
    for bit, (row, column) in enumerate(_CORNERS[which], 1):
        put(row % size if row < 0 else row, column % size if column < 0 else column, code, bit)


def _walk(size: int, cells: dict[tuple[int, int], bool], utah: Callable[[int, int], None], corner: Callable[[int], None]) -> None:
    """Diagonally up and down; what is left in the last corner is the pattern that `_placed` fills in."""
    row, column = 4, 0
    while row < size or column < size:
        for which in _corners_at(row, column, size):
            corner(which)
        for down in (-2, 2):
            while True:
                if 0 <= row < size and 0 <= column < size and (row, column) not in cells:
                    utah(row, column)
                row, column = row + down, column - down
                if (row < 0 or column >= size) if down < 0 else (row >= size or column < 0):
                    break
            row, column = (row + 1, column + 3) if down < 0 else (row + 3, column + 1)


def _corners_at(row: int, column: int, size: int) -> list[int]:
    where = {
        1: (row, column) == (size, 0),
        2: (row, column) == (size - 2, 0) and size % 4 != 0,
        3: (row, column) == (size - 2, 0) and size % 8 == 4,
        4: (row, column) == (size + 4, 2) and size % 8 == 0,
    }
    return [which for which, there in where.items() if there]
