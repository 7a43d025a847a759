"""The scenes of the picture-book world, each drawn as a background of a given size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from fiftyone_faiss.demo.objects import Rgb, shade

Rng = np.random.Generator
Canvas = ImageDraw.ImageDraw


def _gradient(size: int, top: Rgb, bottom: Rgb) -> Image.Image:
    ramp = np.linspace(0, 1, size)[:, None]
    colors = (1 - ramp) * np.array(top) + ramp * np.array(bottom)
    pixels = np.repeat(colors[:, None, :], size, axis=1)
    return Image.fromarray(pixels.astype(np.uint8))


def _cloud(draw: Canvas, size: int, x: float, y: float, r: float, fill: Rgb) -> None:
    for dx, dy, k in ((-1.1, 0.2, 0.7), (0, 0, 1.0), (1.0, 0.25, 0.75), (0.3, 0.35, 0.9)):
        cx, cy, cr = (x + dx * r) * size, (y + dy * r) * size, k * r * size
        draw.ellipse((cx - cr, cy - 0.6 * cr, cx + cr, cy + 0.6 * cr), fill=fill)


def _clouds(draw: Canvas, size: int, rng: Rng, fill: Rgb = (255, 255, 255)) -> None:
    for _ in range(rng.integers(1, 4)):
        _cloud(draw, size, rng.uniform(0, 1), rng.uniform(0.04, 0.2), rng.uniform(0.04, 0.09), fill)


def _sun(draw: Canvas, size: int, rng: Rng, fill: Rgb) -> None:
    x, y, r = rng.uniform(0.1, 0.9) * size, rng.uniform(0.07, 0.16) * size, 0.06 * size
    draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)


def _band(draw: Canvas, size: int, top: float, bottom: float, fill: Rgb) -> None:
    draw.rectangle((0, top * size, size, bottom * size), fill=fill)


def _hills(draw: Canvas, size: int, rng: Rng, level: float, height: float, fill: Rgb) -> None:
    phase, waves = rng.uniform(0, 6.3, 2), rng.uniform(1.0, 2.6, 2)
    xs = np.linspace(0, 1, 41)
    ys = level - height * (0.5 + 0.3 * np.sin(6.3 * waves[0] * xs + phase[0]))
    ys -= height * 0.2 * np.sin(6.3 * waves[1] * xs + phase[1])
    points = [(x * size, y * size) for x, y in zip(xs, ys, strict=True)]
    draw.polygon([(0, size), *points, (size, size)], fill=fill)


def _beach(size: int, rng: Rng) -> Image.Image:
    image = _gradient(size, (96, 184, 240), (206, 236, 250))
    draw = ImageDraw.Draw(image)
    _sun(draw, size, rng, (255, 236, 120))
    _clouds(draw, size, rng)
    horizon = rng.uniform(0.36, 0.46)
    shore = horizon + rng.uniform(0.18, 0.26)
    _band(draw, size, horizon, shore, (26, 136, 190))
    for y in np.linspace(horizon + 0.03, shore - 0.02, 4):
        x = rng.uniform(0, 0.6) * size
        draw.line((x, y * size, x + 0.3 * size, y * size), fill=(150, 212, 232), width=size // 90)
    _hills(draw, size, rng, shore + 0.03, 0.05, (240, 250, 252))
    _hills(draw, size, rng, shore + 0.05, 0.05, (242, 216, 154))
    for _ in range(30):
        x, y = rng.uniform(0, size), rng.uniform(shore + 0.08, 1) * size
        draw.ellipse((x, y, x + size / 110, y + size / 110), fill=(214, 184, 120))
    return image


def _highway(size: int, rng: Rng) -> Image.Image:
    image = _gradient(size, (140, 190, 228), (214, 228, 236))
    draw = ImageDraw.Draw(image)
    _clouds(draw, size, rng)
    top = rng.uniform(0.34, 0.42)
    _hills(draw, size, rng, top + 0.02, 0.1, (120, 164, 96))
    _band(draw, size, top + 0.04, 1.0, (92, 94, 100))
    _band(draw, size, top + 0.04, top + 0.07, (226, 226, 226))
    draw.rectangle((0, (top - 0.01) * size, size, (top + 0.02) * size), fill=(170, 174, 180))
    for x in np.arange(0, 1, 0.12):
        draw.rectangle(
            (x * size, (top - 0.01) * size, (x + 0.012) * size, (top + 0.05) * size),
            fill=(120, 124, 130),
        )
    middle, offset = (top + 1.04) / 2, rng.uniform(-0.2, 0)
    for x in np.arange(offset, 1.0, 0.26):
        draw.rectangle(
            (x * size, (middle - 0.015) * size, (x + 0.15) * size, (middle + 0.015) * size),
            fill=(248, 232, 120),
        )
    _band(draw, size, 0.955, 0.975, (226, 226, 226))
    return image


def _forest(size: int, rng: Rng) -> Image.Image:
    image = _gradient(size, (46, 92, 62), (98, 142, 84))
    draw = ImageDraw.Draw(image)
    _band(draw, size, 0.66, 1.0, (64, 84, 44))
    for depth in (0.5, 0.75, 1.0):
        for _ in range(5):
            x, w = rng.uniform(-0.05, 1.0), rng.uniform(0.03, 0.06) * depth
            base = 0.58 + 0.2 * depth
            trunk = shade((86, 58, 38), 0.6 + 0.4 * depth)
            draw.rectangle((x * size, 0.1 * size, (x + w) * size, base * size), fill=trunk)
            leaf = shade((38, 98, 46), 0.55 + 0.45 * depth * rng.uniform(0.8, 1.1))
            for _ in range(3):
                cx, cy, r = (
                    x + w / 2 + rng.uniform(-0.08, 0.08),
                    rng.uniform(0.0, 0.26),
                    rng.uniform(0.08, 0.14),
                )
                draw.ellipse(
                    ((cx - r) * size, (cy - r) * size, (cx + r) * size, (cy + r) * size), fill=leaf
                )
    for _ in range(24):
        x, y = rng.uniform(0, 1) * size, rng.uniform(0.72, 1) * size
        draw.line(
            (x, y, x + size / 90, y - size / 40), fill=(104, 138, 66), width=max(1, size // 150)
        )
    return image


def _city(size: int, rng: Rng) -> Image.Image:
    image = _gradient(size, (158, 178, 204), (222, 218, 214))
    draw = ImageDraw.Draw(image)
    x = -0.05
    while x < 1.0:
        width, top = rng.uniform(0.13, 0.22), rng.uniform(0.06, 0.36)
        wall = shade((148, 136, 138), rng.uniform(0.7, 1.2))
        draw.rectangle((x * size, top * size, (x + width) * size, 0.76 * size), fill=wall)
        for wx in np.arange(x + 0.02, x + width - 0.03, 0.045):
            for wy in np.arange(top + 0.03, 0.68, 0.06):
                lit = (250, 232, 150) if rng.random() < 0.35 else (84, 96, 118)
                draw.rectangle(
                    (wx * size, wy * size, (wx + 0.024) * size, (wy + 0.034) * size), fill=lit
                )
        x += width + rng.uniform(0.0, 0.02)
    _band(draw, size, 0.76, 0.84, (186, 182, 176))
    _band(draw, size, 0.84, 1.0, (108, 108, 112))
    return image


def _snow(size: int, rng: Rng) -> Image.Image:
    image = _gradient(size, (176, 198, 222), (226, 234, 242))
    draw = ImageDraw.Draw(image)
    _hills(draw, size, rng, 0.5, 0.16, (206, 218, 232))
    for _ in range(rng.integers(3, 6)):
        x, y, h = rng.uniform(0, 1), rng.uniform(0.46, 0.6), rng.uniform(0.14, 0.24)
        for part, fill in ((0.0, (70, 108, 96)), (0.35, (238, 244, 250))):
            top, half = y - h, 0.3 * h * (1 - 0.55 * part)
            low = y - part * h * 1.5
            draw.polygon(
                [
                    (x * size, top * size),
                    ((x - half) * size, low * size),
                    ((x + half) * size, low * size),
                ],
                fill=fill,
            )
    _hills(draw, size, rng, 0.66, 0.1, (240, 245, 251))
    for _ in range(60):
        x, y, r = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(0.004, 0.009) * size
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 255, 255))
    return image


def _kitchen(size: int, rng: Rng) -> Image.Image:
    wall = shade((222, 208, 182), rng.uniform(0.94, 1.1))
    image = Image.new("RGB", (size, size), wall)
    draw = ImageDraw.Draw(image)
    for i in np.arange(0, 1.0, 0.1):
        draw.line(
            (i * size, 0.2 * size, i * size, 0.5 * size),
            fill=shade(wall, 0.86),
            width=max(1, size // 110),
        )
    for j in (0.2, 0.3, 0.4):
        draw.line((0, j * size, size, j * size), fill=shade(wall, 0.86), width=max(1, size // 110))
    wood = shade((166, 116, 74), rng.uniform(0.85, 1.1))
    for x in np.arange(0, 1, 0.25):
        draw.rectangle((x * size, 0, (x + 0.235) * size, 0.18 * size), fill=wood)
        draw.rectangle((x * size, 0.55 * size, (x + 0.235) * size, 0.8 * size), fill=wood)
        for y in (0.14, 0.6):
            draw.ellipse(
                ((x + 0.19) * size, y * size, (x + 0.21) * size, (y + 0.02) * size),
                fill=(236, 226, 196),
            )
    _band(draw, size, 0.5, 0.55, (106, 102, 102))
    for i in range(9):
        for j in range(2):
            tile = (236, 232, 224) if (i + j) % 2 else (172, 158, 146)
            box = (
                i / 8 * size - 0.06 * size,
                (0.8 + 0.1 * j) * size,
                (i + 1) / 8 * size,
                (0.9 + 0.1 * j) * size,
            )
            draw.rectangle(box, fill=tile)
    return image


def _desert(size: int, rng: Rng) -> Image.Image:
    image = _gradient(size, (250, 206, 130), (254, 236, 196))
    draw = ImageDraw.Draw(image)
    _sun(draw, size, rng, (255, 250, 214))
    _hills(draw, size, rng, 0.5, 0.14, (222, 164, 92))
    for _ in range(rng.integers(2, 4)):
        x, y, h = (
            rng.uniform(0.04, 0.96) * size,
            rng.uniform(0.5, 0.62) * size,
            rng.uniform(0.12, 0.2) * size,
        )
        green, w = (92, 128, 72), int(0.16 * h) + 2
        draw.line((x, y, x, y - h), fill=green, width=w)
        draw.line(
            (x - 0.3 * h, y - 0.75 * h, x - 0.3 * h, y - 0.45 * h, x, y - 0.42 * h),
            fill=green,
            width=w,
        )
        draw.line(
            (x + 0.3 * h, y - 0.85 * h, x + 0.3 * h, y - 0.55 * h, x, y - 0.52 * h),
            fill=green,
            width=w,
        )
    _hills(draw, size, rng, 0.64, 0.1, (232, 182, 108))
    _hills(draw, size, rng, 0.84, 0.08, (222, 168, 92))
    return image


def _park(size: int, rng: Rng) -> Image.Image:
    image = _gradient(size, (134, 202, 246), (220, 242, 250))
    draw = ImageDraw.Draw(image)
    _clouds(draw, size, rng)
    _hills(draw, size, rng, 0.48, 0.08, (112, 186, 88))
    for _ in range(rng.integers(2, 4)):
        x, y, r = rng.uniform(0, 1), rng.uniform(0.46, 0.54), rng.uniform(0.07, 0.12)
        draw.rectangle(
            ((x - 0.012) * size, (y - r) * size, (x + 0.012) * size, y * size), fill=(126, 88, 54)
        )
        crown = ((x - r) * size, (y - 2.4 * r) * size, (x + r) * size, (y - 0.5 * r) * size)
        draw.ellipse(crown, fill=(86, 164, 70))
    _band(draw, size, 0.52, 1.0, (128, 200, 92))
    left = rng.uniform(0.2, 0.7)
    path = [(left, 0.52), (left + 0.06, 0.52), (left + 0.34, 1.0), (left - 0.1, 1.0)]
    draw.polygon([(x * size, y * size) for x, y in path], fill=(228, 210, 172))
    for _ in range(26):
        x, y, r = rng.uniform(0, size), rng.uniform(0.56, 1) * size, 0.008 * size
        petal = ((250, 250, 250), (250, 214, 90), (244, 150, 180))[rng.integers(3)]
        draw.ellipse((x - r, y - r, x + r, y + r), fill=petal)
    return image


SCENES: dict[str, str] = {
    "beach": "at the beach",
    "highway": "on the highway",
    "forest": "in the forest",
    "city": "in the city",
    "snow": "in the snow",
    "kitchen": "in the kitchen",
    "desert": "in the desert",
    "park": "in the park",
}
BACKGROUNDS: dict[str, Callable[[int, Rng], Image.Image]] = {
    "beach": _beach,
    "highway": _highway,
    "forest": _forest,
    "city": _city,
    "snow": _snow,
    "kitchen": _kitchen,
    "desert": _desert,
    "park": _park,
}
