"""Matrices as CSV, PNG and SVG."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from xml.etree import ElementTree

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.scored import clusters, dataset_of

import fiftyone_faiss
from fiftyone_faiss.brain import DistanceMatrix

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def matrix() -> DistanceMatrix:
    """Three clusters, shuffled; one name would be a formula, one would be mathematics."""
    rng = np.random.default_rng(3)
    vectors, numbers = clusters(rng, [8, 6, 7])
    vectors[1] = vectors[0]
    order = rng.permutation(21)
    names = [("=1+1", "a <b> & $x^2$", "cats")[numbers[i]] for i in order]
    dataset = dataset_of(vectors[order], kind=[fo.Classification(label=name) for name in names])
    return fiftyone_faiss.distance_matrix(dataset, label_field="kind")


def test_the_table_holds_the_distances_in_order(matrix: DistanceMatrix, tmp_path: Path) -> None:
    for by_label in (False, True):
        path = tmp_path / "matrix.csv"
        matrix.to_csv(path, by_label)
        head, *rows = list(csv.reader(io.StringIO(path.read_text(), newline="")))
        order = matrix.order_by(by_label)
        ids = [matrix.ids[place] for place in order]
        assert head == ["id", "filepath", "label", *ids] and [row[0] for row in rows] == ids
        paths = dict(zip(*matrix.samples.values(["id", "filepath"]), strict=True))
        assert [row[1] for row in rows] == [paths[id] for id in ids]
        values = np.array([row[3:] for row in rows], np.float32)
        np.testing.assert_array_equal(values, matrix.distances[np.ix_(order, order)])
        # A spreadsheet runs no name.
        assert {row[2] for row in rows} == {"'=1+1", "a <b> & $x^2$", "cats"}


def test_negative_distances_are_numbers(rng: np.random.Generator, tmp_path: Path) -> None:
    dataset = dataset_of(rng.normal(size=(5, 4)), "dotproduct")
    matrix = fiftyone_faiss.distance_matrix(dataset)
    matrix.to_csv(tmp_path / "matrix.csv")
    rows = list(csv.reader((tmp_path / "matrix.csv").open(newline="")))[1:]
    values = np.array([row[3:] for row in rows], np.float32)
    np.testing.assert_array_equal(values, matrix.distances[np.ix_(matrix.order, matrix.order)])
    assert values.min() < 0
    dataset.delete()


def test_the_picture_shows_near_pairs_brighter(matrix: DistanceMatrix, tmp_path: Path) -> None:
    matrix.to_png(tmp_path / "matrix.png")
    pixels = np.asarray(Image.open(tmp_path / "matrix.png").convert("RGB")).astype(float)
    assert pixels.shape == (1800, 1800, 3)
    # The brightest color of the map is that of the diagonal; the color bar is to the right.
    bright = (np.abs(pixels[:, :1590] - (253, 231, 37)) < 3).all(axis=2)
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    side = rows[-1] - rows[0] + 1
    assert abs(columns[-1] - columns[0] + 1 - side) < 5 and side > 1000
    places = ((np.arange(21) + 0.5) * side / 21).astype(int)
    cells = pixels[np.ix_(rows[0] + places, columns[0] + places)]
    assert bright[rows[0] + places, columns[0] + places].all()
    # Viridis grows brighter towards near pairs.
    distances = matrix.distances[np.ix_(matrix.order, matrix.order)]
    green = cells[..., 1]
    assert np.corrcoef(green.ravel(), distances.ravel())[0, 1] < -0.95


def test_vector_graphics_hold_the_names_and_are_always_the_same(matrix, tmp_path: Path) -> None:
    matrix.to_svg(tmp_path / "first.svg", by_label=True)
    matrix.to_svg(tmp_path / "second.svg", by_label=True)
    first = (tmp_path / "first.svg").read_bytes()
    assert first == (tmp_path / "second.svg").read_bytes()
    root = ElementTree.fromstring(first)
    texts = {"".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")}
    assert {"=1+1", "a <b> & $x^2$", "cats", "near-duplicates", "kind"} <= texts
