"""The things of the picture-book world, each drawn in a square of 1 by 1 units."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

Rgb = tuple[int, int, int]
Point = tuple[float, float]

COLORS: dict[str, Rgb] = {
    "red": (214, 38, 38),
    "orange": (245, 138, 24),
    "yellow": (250, 218, 40),
    "green": (46, 158, 62),
    "blue": (40, 92, 214),
    "purple": (142, 62, 178),
    "black": (38, 38, 42),
    "white": (246, 246, 246),
}
INK = (24, 22, 28)
SKIN = (236, 188, 150)
GLASS = (176, 214, 232)
METAL = (120, 124, 130)


def shade(color: Rgb, factor: float) -> Rgb:
    """Returns a darker (factor below 1) or lighter (factor above 1) color."""
    if factor <= 1:
        return tuple(int(c * factor) for c in color)  # type: ignore[return-value]
    return tuple(int(c + (255 - c) * (factor - 1)) for c in color)  # type: ignore[return-value]


class Pen:
    """Draws in units of 1 on a transparent square of pixels.

    Args:
        size: the side of the square in pixels
        color: the color of the thing
    """

    def __init__(self, size: int, color: Rgb) -> None:
        self.image = Image.new("RGBA", (size, size))
        self._draw = ImageDraw.Draw(self.image)
        self._size = size
        self._ink = max(2, size // 50)
        self.color = color
        # Details are lighter than a black thing and darker than any other.
        self.detail = shade(color, 1.45) if sum(color) < 150 else shade(color, 0.62)

    def _at(self, points: Sequence[Point]) -> list[tuple[float, float]]:
        return [(x * self._size, y * self._size) for x, y in points]

    def poly(self, points: Sequence[Point], fill: Rgb | None = None) -> None:
        at = self._at(points)
        self._draw.polygon(at, fill=fill or self.color)
        self._draw.line([*at, at[0]], fill=INK, width=self._ink, joint="curve")

    def oval(self, x0: float, y0: float, x1: float, y1: float, fill: Rgb | None = None) -> None:
        self._draw.ellipse(
            self._at([(x0, y0), (x1, y1)]), fill=fill or self.color, outline=INK, width=self._ink
        )

    def box(
        self, x0: float, y0: float, x1: float, y1: float, fill: Rgb | None = None, r: float = 0.0
    ) -> None:
        self._draw.rounded_rectangle(
            self._at([(x0, y0), (x1, y1)]),
            radius=r * self._size,
            fill=fill or self.color,
            outline=INK,
            width=self._ink,
        )

    def line(self, points: Sequence[Point], width: float, fill: Rgb | None = None) -> None:
        pixels = max(1, int(width * self._size))
        self._draw.line(self._at(points), fill=fill or INK, width=pixels, joint="curve")

    def limb(self, points: Sequence[Point], width: float, fill: Rgb | None = None) -> None:
        """Draws a line with an outline."""
        self.line(points, width + 2 * self._ink / self._size, INK)
        self.line(points, width, fill or self.color)

    def slice(
        self, x0: float, y0: float, x1: float, y1: float, start: int, end: int, fill: Rgb
    ) -> None:
        self._draw.pieslice(
            self._at([(x0, y0), (x1, y1)]), start, end, fill=fill, outline=INK, width=self._ink
        )


def _eye(pen: Pen, x: float, y: float, r: float = 0.022) -> None:
    pen.oval(x - r, y - r, x + r, y + r, (255, 255, 255))
    pen.oval(x - r / 2, y - r / 2, x + r / 2, y + r / 2, INK)


def _person(pen: Pen) -> None:
    pen.limb([(0.44, 0.66), (0.41, 0.95)], 0.09, pen.detail)
    pen.limb([(0.56, 0.66), (0.60, 0.95)], 0.09, pen.detail)
    pen.limb([(0.40, 0.38), (0.25, 0.56)], 0.075)
    pen.limb([(0.60, 0.38), (0.76, 0.52)], 0.075)
    pen.oval(0.21, 0.53, 0.30, 0.62, SKIN)
    pen.oval(0.72, 0.47, 0.81, 0.56, SKIN)
    pen.box(0.36, 0.31, 0.64, 0.70, r=0.08)
    pen.oval(0.38, 0.05, 0.62, 0.31, SKIN)
    pen.slice(0.37, 0.03, 0.63, 0.29, 180, 360, (92, 58, 34))
    pen.oval(0.45, 0.17, 0.475, 0.20, INK)
    pen.oval(0.53, 0.17, 0.555, 0.20, INK)
    pen.line([(0.46, 0.245), (0.50, 0.26), (0.54, 0.245)], 0.014)


def _dog(pen: Pen) -> None:
    pen.limb([(0.16, 0.50), (0.05, 0.34)], 0.055)
    for x in (0.22, 0.33, 0.57, 0.67):
        pen.limb([(x, 0.62), (x, 0.88)], 0.075)
    pen.box(0.14, 0.42, 0.74, 0.70, r=0.13)
    pen.oval(0.60, 0.16, 0.88, 0.48)
    pen.box(0.76, 0.30, 0.98, 0.45, r=0.06)
    pen.oval(0.92, 0.29, 1.0, 0.37, INK)
    pen.box(0.58, 0.16, 0.69, 0.46, pen.detail, r=0.055)
    _eye(pen, 0.79, 0.26, 0.026)
    pen.line([(0.66, 0.47), (0.80, 0.49)], 0.035, (230, 60, 90))


def _cat(pen: Pen) -> None:
    pen.limb([(0.70, 0.86), (0.92, 0.78), (0.93, 0.52)], 0.06)
    pen.oval(0.26, 0.44, 0.76, 0.97)
    pen.poly([(0.25, 0.30), (0.24, 0.02), (0.46, 0.16)])
    pen.poly([(0.75, 0.30), (0.76, 0.02), (0.54, 0.16)])
    pen.oval(0.22, 0.12, 0.78, 0.54)
    pen.oval(0.33, 0.26, 0.43, 0.37, (190, 230, 110))
    pen.oval(0.57, 0.26, 0.67, 0.37, (190, 230, 110))
    pen.oval(0.365, 0.27, 0.395, 0.36, INK)
    pen.oval(0.605, 0.27, 0.635, 0.36, INK)
    pen.poly([(0.46, 0.39), (0.54, 0.39), (0.50, 0.44)], (240, 130, 150))
    for y in (0.40, 0.45):
        pen.line([(0.40, y), (0.14, y - 0.02)], 0.012, METAL)
        pen.line([(0.60, y), (0.86, y - 0.02)], 0.012, METAL)
    pen.limb([(0.42, 0.74), (0.42, 0.95)], 0.08)
    pen.limb([(0.60, 0.74), (0.60, 0.95)], 0.08)


def _bird(pen: Pen) -> None:
    pen.line([(0.44, 0.72), (0.42, 0.92)], 0.025, (230, 140, 30))
    pen.line([(0.54, 0.72), (0.54, 0.92)], 0.025, (230, 140, 30))
    pen.poly([(0.24, 0.52), (0.0, 0.44), (0.04, 0.60), (0.22, 0.66)])
    pen.oval(0.16, 0.34, 0.74, 0.78)
    pen.oval(0.56, 0.14, 0.84, 0.42)
    pen.poly([(0.82, 0.24), (1.0, 0.30), (0.82, 0.35)], (250, 170, 30))
    pen.poly([(0.58, 0.50), (0.22, 0.22), (0.20, 0.52), (0.40, 0.66)], pen.detail)
    _eye(pen, 0.73, 0.25, 0.03)


def _horse(pen: Pen) -> None:
    pen.limb([(0.12, 0.46), (0.03, 0.74)], 0.06, pen.detail)
    for x in (0.19, 0.29, 0.53, 0.62):
        pen.limb([(x, 0.58), (x, 0.97)], 0.065)
    pen.oval(0.09, 0.38, 0.70, 0.70)
    pen.poly([(0.52, 0.50), (0.68, 0.12), (0.82, 0.12), (0.72, 0.58)])
    pen.poly([(0.66, 0.18), (0.70, 0.06), (0.84, 0.08), (1.0, 0.28), (0.94, 0.37), (0.76, 0.28)])
    pen.poly([(0.70, 0.10), (0.70, -0.0), (0.77, 0.08)])
    pen.line([(0.70, 0.08), (0.58, 0.26), (0.50, 0.42)], 0.07, pen.detail)
    _eye(pen, 0.82, 0.17, 0.024)


def _fish(pen: Pen) -> None:
    pen.poly([(0.26, 0.50), (0.0, 0.26), (0.06, 0.50), (0.0, 0.74)], pen.detail)
    pen.poly([(0.42, 0.30), (0.52, 0.10), (0.68, 0.30)], pen.detail)
    pen.oval(0.18, 0.22, 0.98, 0.78)
    pen.line([(0.50, 0.30), (0.56, 0.50), (0.50, 0.70)], 0.025, pen.detail)
    pen.line([(0.38, 0.34), (0.43, 0.50), (0.38, 0.66)], 0.025, pen.detail)
    _eye(pen, 0.82, 0.42, 0.045)


def _wheel(pen: Pen, x: float, y: float, r: float) -> None:
    pen.oval(x - r, y - r, x + r, y + r, (50, 50, 54))
    pen.oval(x - r / 2, y - r / 2, x + r / 2, y + r / 2, (190, 190, 194))


def _car(pen: Pen) -> None:
    pen.poly([(0.20, 0.46), (0.32, 0.24), (0.66, 0.24), (0.82, 0.46)])
    pen.poly([(0.27, 0.45), (0.35, 0.29), (0.48, 0.29), (0.48, 0.45)], GLASS)
    pen.poly([(0.52, 0.45), (0.52, 0.29), (0.64, 0.29), (0.74, 0.45)], GLASS)
    pen.box(0.02, 0.44, 0.98, 0.70, r=0.09)
    pen.oval(0.90, 0.50, 0.97, 0.58, (255, 244, 170))
    _wheel(pen, 0.24, 0.70, 0.115)
    _wheel(pen, 0.76, 0.70, 0.115)


def _bus(pen: Pen) -> None:
    pen.box(0.02, 0.16, 0.98, 0.76, r=0.05)
    for x in (0.07, 0.25, 0.43, 0.61):
        pen.box(x, 0.24, x + 0.14, 0.44, GLASS, r=0.02)
    pen.box(0.80, 0.24, 0.95, 0.70, GLASS, r=0.02)
    pen.line([(0.03, 0.55), (0.78, 0.55)], 0.04, pen.detail)
    _wheel(pen, 0.22, 0.77, 0.105)
    _wheel(pen, 0.70, 0.77, 0.105)


def _bicycle(pen: Pen) -> None:
    for x in (0.22, 0.78):
        pen.line([(x + 0.2 * c, 0.68 + 0.2 * s) for c, s in _CIRCLE], 0.045, INK)
        pen.line([(x - 0.18, 0.68), (x + 0.18, 0.68)], 0.012, METAL)
        pen.line([(x, 0.50), (x, 0.86)], 0.012, METAL)
    frame = [(0.22, 0.68), (0.40, 0.38), (0.70, 0.38), (0.48, 0.68), (0.22, 0.68)]
    pen.limb(frame, 0.055)
    pen.limb([(0.48, 0.68), (0.38, 0.30)], 0.05)
    pen.limb([(0.78, 0.68), (0.68, 0.26)], 0.05)
    pen.line([(0.62, 0.24), (0.78, 0.22)], 0.04, INK)
    pen.box(0.29, 0.25, 0.47, 0.31, INK, r=0.03)


_CIRCLE = [
    (1.0, 0.0), (0.92, 0.38), (0.71, 0.71), (0.38, 0.92), (0.0, 1.0), (-0.38, 0.92),
    (-0.71, 0.71), (-0.92, 0.38), (-1.0, 0.0), (-0.92, -0.38), (-0.71, -0.71), (-0.38, -0.92),
    (0.0, -1.0), (0.38, -0.92), (0.71, -0.71), (0.92, -0.38), (1.0, 0.0), (0.92, 0.38),
]  # fmt: skip


def _boat(pen: Pen) -> None:
    pen.line([(0.47, 0.06), (0.47, 0.68)], 0.04, (110, 74, 44))
    pen.poly([(0.51, 0.08), (0.92, 0.58), (0.51, 0.58)], (250, 246, 232))
    pen.poly([(0.43, 0.18), (0.43, 0.58), (0.14, 0.58)], (250, 246, 232))
    pen.poly([(0.02, 0.66), (0.98, 0.66), (0.80, 0.92), (0.18, 0.92)])
    pen.line([(0.08, 0.73), (0.92, 0.73)], 0.035, pen.detail)


def _airplane(pen: Pen) -> None:
    pen.poly([(0.08, 0.44), (0.02, 0.14), (0.16, 0.14), (0.28, 0.42)], pen.detail)
    pen.poly([(0.46, 0.46), (0.34, 0.12), (0.46, 0.12), (0.66, 0.46)], pen.detail)
    pen.box(0.04, 0.38, 0.98, 0.62, r=0.12)
    pen.poly([(0.42, 0.56), (0.24, 0.92), (0.38, 0.92), (0.64, 0.56)], pen.detail)
    for x in (0.26, 0.37, 0.48, 0.59, 0.70):
        pen.oval(x, 0.44, x + 0.06, 0.50, GLASS)
    pen.slice(0.80, 0.40, 0.96, 0.58, 270, 360, GLASS)


def _ball(pen: Pen) -> None:
    pen.oval(0.10, 0.10, 0.90, 0.90)
    pen.line([(0.16, 0.34), (0.36, 0.46), (0.64, 0.46), (0.84, 0.34)], 0.045, pen.detail)
    pen.line([(0.16, 0.68), (0.36, 0.58), (0.64, 0.58), (0.84, 0.68)], 0.045, pen.detail)
    pen.oval(0.28, 0.20, 0.42, 0.32, (255, 255, 255))


def _umbrella(pen: Pen) -> None:
    pen.line([(0.50, 0.10), (0.50, 0.88)], 0.035, (96, 66, 42))
    pen.line([(0.50, 0.86), (0.47, 0.95), (0.38, 0.95), (0.36, 0.87)], 0.04, (96, 66, 42))
    pen.slice(0.02, 0.10, 0.98, 1.02, 180, 360, pen.color)
    pen.slice(0.28, 0.11, 0.72, 1.01, 180, 360, pen.detail)
    pen.slice(0.40, 0.12, 0.60, 1.00, 180, 360, pen.color)
    pen.line([(0.50, 0.03), (0.50, 0.11)], 0.035)


def _house(pen: Pen) -> None:
    pen.box(0.70, 0.06, 0.80, 0.30, pen.detail)
    pen.box(0.12, 0.44, 0.88, 0.96)
    pen.poly([(0.02, 0.47), (0.50, 0.06), (0.98, 0.47)], pen.detail)
    pen.box(0.42, 0.64, 0.60, 0.96, (122, 78, 44))
    pen.box(0.19, 0.56, 0.35, 0.74, GLASS)
    pen.box(0.67, 0.56, 0.83, 0.74, GLASS)


def _chair(pen: Pen) -> None:
    for x, y in ((0.26, 0.94), (0.74, 0.94), (0.38, 0.84), (0.66, 0.84)):
        pen.limb([(x, 0.58), (x, y)], 0.055, pen.detail)
    pen.box(0.24, 0.04, 0.76, 0.50, r=0.06)
    for x in (0.36, 0.47, 0.58):
        pen.box(x, 0.10, x + 0.06, 0.44, pen.detail)
    pen.poly([(0.26, 0.50), (0.74, 0.50), (0.84, 0.64), (0.16, 0.64)])


def _kite(pen: Pen) -> None:
    pen.line([(0.50, 0.66), (0.40, 0.78), (0.54, 0.86), (0.42, 0.99)], 0.022, INK)
    pen.poly([(0.50, 0.02), (0.86, 0.30), (0.50, 0.70), (0.14, 0.30)])
    pen.poly([(0.50, 0.02), (0.86, 0.30), (0.50, 0.30)], pen.detail)
    pen.poly([(0.50, 0.70), (0.14, 0.30), (0.50, 0.30)], pen.detail)
    for x, y in ((0.41, 0.79), (0.53, 0.87)):
        pen.poly(
            [(x - 0.07, y - 0.04), (x + 0.07, y + 0.04), (x + 0.07, y - 0.04), (x - 0.07, y + 0.04)]
        )


DRAWINGS: dict[str, Callable[[Pen], None]] = {
    "person": _person,
    "dog": _dog,
    "cat": _cat,
    "bird": _bird,
    "horse": _horse,
    "fish": _fish,
    "car": _car,
    "bus": _bus,
    "bicycle": _bicycle,
    "boat": _boat,
    "airplane": _airplane,
    "ball": _ball,
    "umbrella": _umbrella,
    "house": _house,
    "chair": _chair,
    "kite": _kite,
}
