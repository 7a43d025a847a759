"""Writes JPEGs that take as long to decode as photographs, from a seed.

Most synthetic images decode at an unrealistic speed: the JPEG of a drawing is small, and a JPEG of
white noise is larger than any photograph. Photographs have details of every size, each octave of
frequencies about as strong as the next (Field, "Relations between the statistics of natural images
and the response properties of cortical cells", 1987), and correlated color channels.
"""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from workspace import serve

QUALITY = 90
_STEEPNESS = 1.1
# The weights of the noise that all three color channels share, and of each channel's own.
_SHARED, _OWN = 0.8, 0.4
_CONTRAST = 48
# The weight of the demo's drawn picture, which gives every image other coarse shapes.
_PICTURE_WEIGHT = 0.4

Request = tuple[str, int, int, int, int]


def make_photos(folder: str, n: int, width: int, height: int, seed: int) -> dict[str, Any]:
    """Writes ``n`` JPEGs into a folder; those that exist are kept.

    Returns:
        a dict with ``bytes``, their mean size
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    requests = [(folder, number, width, height, seed) for number in range(n)]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        pool.map(_write, requests, chunksize=8)
    return {"bytes": round(np.mean([file.stat().st_size for file in photo_files(folder, n)]))}


def photo_files(folder: str, n: int) -> list[Path]:
    """Returns the paths of the first ``n`` images of a folder."""
    return [Path(folder) / f"{number:06}.jpg" for number in range(n)]


def _write(request: Request) -> None:
    folder, number, width, height, seed = request
    file = Path(folder) / f"{number:06}.jpg"
    if not file.exists():
        # Renamed when complete, so that an interrupted run leaves no partial image.
        part = file.with_suffix(".part")
        rng = np.random.default_rng([seed, width, height, number])
        _photo(rng, width, height).save(part, "JPEG", quality=QUALITY)
        part.replace(file)


def _photo(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    from fiftyone_faiss.demo.world import draw_picture

    picture = draw_picture(rng).image.resize((width, height), Image.Resampling.BICUBIC)
    return Image.blend(_details(rng, width, height), picture, _PICTURE_WEIGHT)


def _details(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Returns noise whose amplitude falls with the frequency."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1
    shared = _spectrum(rng, frequency.shape)
    channels = []
    for _ in range(3):
        mixed = _SHARED * shared + _OWN * _spectrum(rng, frequency.shape)
        channel = np.fft.irfft2(mixed / frequency**_STEEPNESS, s=(height, width))
        channels.append((channel - channel.mean()) / channel.std())
    pixels = 128 + _CONTRAST * np.stack(channels, axis=-1)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _spectrum(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


if __name__ == "__main__":
    serve(make_photos)
