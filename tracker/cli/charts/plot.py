"""Charts in the terminal: curves of braille dots, eight to a character."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille character, by row and column (Unicode block U+2800)."""

_ACROSS, _DOWN = 2, 4


@dataclass(slots=True)
class Canvas:
    """A grid of characters that is drawn on in figures. y runs upwards from `low` to `high`."""

    width: int
    height: int
    left: float
    right: float
    low: float
    high: float
    _bits: dict[tuple[int, int], int] = field(default_factory=dict)
    _ink: dict[tuple[int, int], str] = field(default_factory=dict)
    _signs: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)

    def _dot(self, x: float, y: float) -> tuple[int, int]:
        across = (x - self.left) / (self.right - self.left) * (self.width * _ACROSS - 1)
        down = (self.high - y) / (self.high - self.low) * (self.height * _DOWN - 1)
        return round(across), round(down)

    def _set(self, column: int, row: int, style: str) -> None:
        if 0 <= column < self.width * _ACROSS and 0 <= row < self.height * _DOWN:
            cell = column // _ACROSS, row // _DOWN
            bit = _DOTS[row % _DOWN][column % _ACROSS]
            self._bits[cell] = self._bits.get(cell, 0) | bit
            self._ink[cell] = style

    def steps(self, points: Sequence[tuple[float, float]], style: str) -> None:
        """A curve that keeps its value until the next point."""
        before: tuple[int, int] | None = None
        for x, y in points:
            column, row = self._dot(x, y)
            if before is not None:
                for between in range(before[0], column + 1):
                    self._set(between, before[1], style)
                for between in range(min(before[1], row), max(before[1], row) + 1):
                    self._set(column, between, style)
            self._set(column, row, style)
            before = column, row

    def level(self, y: float, style: str) -> None:
        """A dotted horizontal line behind everything."""
        _, row = self._dot(self.left, y)
        for column in range(0, self.width * _ACROSS, 4):
            if (column // _ACROSS, row // _DOWN) not in self._bits:
                self._set(column, row, style)

    def upright(self, x: float, style: str) -> None:
        """A thin vertical line where nothing else is drawn."""
        column = self._dot(x, self.low)[0] // _ACROSS
        for row in range(self.height):
            if (column, row) not in self._bits and (column, row) not in self._signs:
                self._signs[column, row] = ("│", style)

    def sign(self, x: float, y: float, sign: str, style: str) -> None:
        """One character at a place, above everything."""
        column, row = self._dot(x, y)
        self._signs[column // _ACROSS, row // _DOWN] = (sign, style)

    def column_of(self, x: float) -> int:
        """The character column that a figure falls in."""
        return self._dot(x, self.low)[0] // _ACROSS

    def row_of(self, y: float) -> int:
        """The character row that a figure falls in."""
        return self._dot(self.left, y)[1] // _DOWN

    def lines(self, paint: Callable[[str, str], str]) -> list[str]:
        """The rows of text from the top; `paint` puts a character into a style."""
        rows = []
        for row in range(self.height):
            cells = []
            for column in range(self.width):
                cell = column, row
                if cell in self._signs:
                    cells.append(paint(*self._signs[cell]))
                elif cell in self._bits:
                    cells.append(paint(chr(0x2800 + self._bits[cell]), self._ink[cell]))
                else:
                    cells.append(" ")
            rows.append("".join(cells).rstrip() if "\x1b" not in "".join(cells) else "".join(cells))
        return rows
