"""Colors as people see them, with and without a deficiency of their color vision."""

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np

Values = np.ndarray[tuple[int], np.dtype[np.float64]]

# From Machado, Oliveira and Fernandes: A Physiologically-based Model for Simulation of Color
# Vision Deficiency, 2009.
EYES: Final = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}


def least_difference(colors: Sequence[str], eyes: str) -> float:
    """How different the two most alike of some colors are, such as `#0448ae`: in CIE76."""
    seen = [_lab(np.clip(np.array(EYES[eyes]) @ _linear(color), 0, 1)) for color in colors]
    pairs = itertools.combinations(seen, 2)
    return min(float(np.linalg.norm(one - other)) for one, other in pairs)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colors, as WCAG defines it: from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    return float(np.array((0.2126, 0.7152, 0.0722)) @ _linear(color))


def _linear(color: str) -> Values:
    """SRGB → linear light."""
    values = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _lab(light: Sequence[float] | Values) -> Values:
    """Linear light → CIE L*a*b* (1976) under D65."""
    to_xyz = (
        (0.4124564, 0.3575761, 0.1804375),
        (0.2126729, 0.7151522, 0.072175),
        (0.0193339, 0.119192, 0.9503041),
    )
    xyz = np.array(to_xyz) @ light / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
