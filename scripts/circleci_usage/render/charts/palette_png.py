"""Small PNGs of a few colors, each in shades from white to the full color."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.ImageColor import getrgb

Pixels = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
"""Rows of shades."""

FULL: Final = 84
"""The darkest shade of a color: three colors with so many shades, and white, fit into a byte."""
_WHITE: Final = 255
_ANCHORS: Final = {"start": "ls", "middle": "ms", "end": "rs"}
_PACKED: Final = 3
"""zlib's level: more take twice as long for a tenth of the size."""
_ABOVE, _BELOW = 20, 10
"""Rows around a baseline that a text may reach into."""


class Shades:
    """The shades of one color: `number` is its place in the palette."""

    def __init__(self, number: int, color: str) -> None:
        self._first = number * (FULL + 1)
        steps = np.linspace(0, 1, FULL + 1)[:, np.newaxis]
        self.colors = np.rint(_WHITE + steps * (np.array(getrgb(color)) - _WHITE)).astype(np.uint8)

    def nearest(self, color: str) -> int:
        """The shade most like another color."""
        distances = np.abs(self.colors.astype(int) - getrgb(color)).sum(axis=1)
        return self._first + int(np.argmin(distances))

    def cover(self, pixels: Pixels, shades: Pixels) -> None:
        """Put the color on pixels: from 0, which leaves what is there, to `FULL`."""
        np.copyto(pixels, shades + np.uint8(self._first), where=shades > 0)

    def write(
        self,
        pixels: Pixels,
        text: str,
        place: tuple[float, float],
        anchor: str,
        font: str,
        size: float,
    ) -> None:
        """Write a line of text whose baseline starts, ends or is centered at `place`."""
        first = round(place[1]) - _ABOVE
        strip = Image.new("L", (pixels.shape[1], _ABOVE + _BELOW))
        start = (place[0], place[1] - first)
        ImageDraw.Draw(strip).text(start, text, FULL, _font(font, size), anchor=_ANCHORS[anchor])
        rows = pixels[first : first + _ABOVE + _BELOW]
        self.cover(rows, np.asarray(strip)[: len(rows)])


def write_png(path: Path, pixels: Pixels, palette: Sequence[Shades]) -> None:
    """Write a picture of shades."""
    height, width = pixels.shape
    picture = Image.frombuffer("P", (width, height), pixels.tobytes(), "raw", "P", 0, 1)
    picture.putpalette(np.concatenate([shades.colors for shades in palette]).tobytes())
    picture.save(path, compress_level=_PACKED)


@cache
def _font(file: str, size: float) -> ImageFont.FreeTypeFont:
    # Letter by letter: what lays out whole texts is not installed everywhere.
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)
