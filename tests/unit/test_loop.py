"""The embedding loop: in order, in batches, and a broken image costs only itself."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor, color_vector

from fiftyone_faiss.embedders import EmbedderError, ImageSource, embed_sources


def plain(folder: Path, n: int) -> list[ImageSource]:
    paths = [folder / f"{i:03}.png" for i in range(n)]
    for i, path in enumerate(paths):
        Image.new("RGB", (16, 16), (i, 255 - i, 10)).save(path)
    return [ImageSource(str(path)) for path in paths]


def test_vectors_come_in_order_and_batches_have_their_size(tmp_path: Path) -> None:
    embedder = MeanColor()
    batches = list(embed_sources(embedder, plain(tmp_path, 70), batch_size=32))
    assert embedder.batches == [32, 32, 6]
    assert np.concatenate([b.positions for b in batches]).tolist() == list(range(70))
    expected = np.array([color_vector(i, 255 - i, 10) for i in range(70)])
    np.testing.assert_allclose(np.concatenate([b.vectors for b in batches]), expected, atol=1e-6)


def test_broken_images_are_reported_and_their_batch_is_whole(tmp_path: Path) -> None:
    sources = plain(tmp_path, 12)
    Path(sources[1].path).unlink()
    Path(sources[3].path).write_bytes(b"")
    Path(sources[5].path).write_text("no image")
    whole = Path(sources[7].path).read_bytes()
    Path(sources[7].path).write_bytes(whole[: len(whole) // 2])
    Path(sources[9].path).unlink()
    os.mkdir(sources[9].path)
    (batch,) = embed_sources(MeanColor(), sources, batch_size=12)
    assert batch.positions.tolist() == [0, 2, 4, 6, 8, 10, 11]
    expected = np.array([color_vector(i, 255 - i, 10) for i in batch.positions])
    np.testing.assert_allclose(batch.vectors, expected, atol=1e-6)
    reasons = {f.position: f.reason for f in batch.failures}
    assert reasons[1] == "the file is missing"
    assert reasons[9] == "the path is a folder"
    assert set(reasons) == {1, 3, 5, 7, 9}
    assert all("cannot identify image file" in reasons[i] for i in (3, 5))


def test_a_failing_model_is_not_taken_for_broken_images(tmp_path: Path) -> None:
    class Failing(MeanColor):
        def embed_images(self, images):  # type: ignore[no-untyped-def]
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        list(embed_sources(Failing(), plain(tmp_path, 3)))


def test_an_image_embedder_says_that_it_has_no_words() -> None:
    with pytest.raises(EmbedderError, match="'mean-color' embeds images only"):
        MeanColor().embed_texts(["a dog"])
