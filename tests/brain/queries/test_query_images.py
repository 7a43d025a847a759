"""An image gives the same query however it is given: one decoder, and one limit of its size."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.broken import noise
from support.image_kinds import IMAGE_KINDS, Pixels
from support.points import one_sentence
from support.web_server import Server, only_here

import fiftyone_faiss
from fiftyone_faiss.brain.queries import parsing
from fiftyone_faiss.brain.queries.query_input import QueryInput
from fiftyone_faiss.brain.queries.remote_images import fetch_image
from fiftyone_faiss.brain.retrieval.request import SearchRequest
from fiftyone_faiss.brain.retrieval.searching import run_search


def _upload(path: Path) -> dict[str, str]:
    return {"name": path.name, "content": base64.b64encode(path.read_bytes()).decode()}


def _line(line: str, **uploads: Any) -> QueryInput:
    return QueryInput.of(line, uploads=uploads)


def _request(**params: Any) -> QueryInput:
    return SearchRequest.from_params(params).query_input


WAYS: dict[str, Callable[[Path, Pixels, str], QueryInput]] = {
    "path": lambda path, array, url: QueryInput.of(path),
    "PIL": lambda path, array, url: QueryInput.of(Image.open(path)),
    "array": lambda path, array, url: QueryInput.of(array),
    "upload": lambda path, array, url: _request(query_type="image", image=_upload(path)),
    "address": lambda path, array, url: _request(query=url),
    "line": lambda path, array, url: _line(str(path)),
    "line of the App": lambda path, array, url: _request(query=str(path)),
    "@upload of a path": lambda path, array, url: _line("@upload", upload=str(path)),
    "@upload of PIL": lambda path, array, url: _line("@upload", upload=Image.open(path)),
    "@upload of an array": lambda path, array, url: _line("@upload", upload=array),
    "@upload of the App": lambda path, array, url: _request(
        query="@upload", uploads={"upload": _upload(path)}
    ),
}


class Kinds:
    """A dataset of an image of every kind, with an index of their colors."""

    def __init__(self, folder: Path) -> None:
        self.paths = {name: folder / name for name in IMAGE_KINDS}
        written = {name: write(self.paths[name]) for name, write in IMAGE_KINDS.items()}
        self.pixels = {name: pixels for name, (pixels, _) in written.items()}
        self.arrays = {name: array for name, (_, array) in written.items()}
        self.dataset = fo.Dataset()
        self.ids = dict(
            zip(
                IMAGE_KINDS,
                self.dataset.add_samples([fo.Sample(str(p)) for p in self.paths.values()]),
                strict=True,
            )
        )
        fiftyone_faiss.build_index(self.dataset, "hog", model="hog")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kinds]:
    kinds = Kinds(tmp_path_factory.mktemp("kinds"))
    yield kinds
    kinds.dataset.delete()


@pytest.fixture
def _local_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allows URLs of this machine: there is no internet here."""
    monkeypatch.setattr(parsing, "fetch_image", partial(fetch_image, is_allowed=only_here))


@pytest.mark.usefixtures("_local_addresses")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", IMAGE_KINDS)
def test_an_image_is_the_same_query_every_way(
    kinds: Kinds, server: Server, name: str, way: str
) -> None:
    path = kinds.paths[name]
    url = server.page(f"/{name}", body=path.read_bytes())
    query_input = WAYS[way](path, kinds.arrays[name], url)
    image = query_input.query.image
    assert image.mode == "RGB"
    np.testing.assert_allclose(np.asarray(image), kinds.pixels[name], atol=2)
    neighbors = run_search(kinds.dataset, SearchRequest(query_input, k=len(IMAGE_KINDS)))
    distances = dict(zip(neighbors.ids, neighbors.distances, strict=True))
    # An array of the expected pixels may differ from the file by rounding.
    is_rounded = "array" in way and name in ("palette.png", "cmyk.tif", "lab.tif")
    assert distances[kinds.ids[name]] <= (1e-2 if is_rounded else 1e-6)


def test_an_image_of_a_caller_stays_as_it_is() -> None:
    image = Image.fromarray(np.asarray(noise(8, 6)))
    image.getexif()[0x0112] = 6
    before = image.tobytes()
    query = QueryInput.of(image).query
    assert query.image.size == (6, 8)
    assert (image.size, image.tobytes(), image.getexif()[0x0112]) == ((8, 6), before, 6)


DEEP = np.zeros((8, 8))
UNDEFINED = {
    "floats": (Image.fromarray(DEEP.astype(np.float32)), DEEP),
    "32-bit integers": (Image.fromarray(DEEP.astype(np.int32)), DEEP.astype(np.int32)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", UNDEFINED)
@pytest.mark.usefixtures("_local_addresses")
def test_pixels_without_black_and_white_are_named(
    tmp_path: Path, server: Server, kind: str, way: str
) -> None:
    image, array = UNDEFINED[kind]
    image.save(tmp_path / "deep.tif")
    url = server.page("/deep.tif", body=(tmp_path / "deep.tif").read_bytes())
    sentence = (
        r"An array of shape \(8, 8\) and type \w+ is no image; give"
        if "array" in way
        else f"pixels of {kind}, which have no defined black and white; convert it to 8 or 16 bits"
    )
    with pytest.raises(ValueError, match=sentence) as caught:
        WAYS[way](tmp_path / "deep.tif", array, url).query  # noqa: B018
    assert one_sentence(caught.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("size", "expected"),
    [((3_000, 1_500), (2_048, 1_024)), ((30_000, 1), (30_000, 1)), ((1, 9_000), (1, 9_000)),
     ((8_000, 1_000), (4_096, 512))],
)  # fmt: skip
@pytest.mark.usefixtures("_local_addresses")
def test_every_way_has_the_same_limit_of_the_size(
    tmp_path: Path, server: Server, size: tuple[int, int], expected: tuple[int, int], way: str
) -> None:
    image = Image.new("RGB", size, (9, 8, 7))
    image.save(tmp_path / "large.png", compress_level=1)
    parsing.URL_CACHE.clear()
    url = server.page(f"/{size}.png".replace(" ", ""), body=(tmp_path / "large.png").read_bytes())
    query = WAYS[way](tmp_path / "large.png", np.asarray(image), url).query
    assert (query.image.size, query.image.getpixel((0, 0))) == (expected, (9, 8, 7))


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 4, 5), (4, 4, 0), (2, 2, 2, 3), ()])
def test_an_array_that_is_no_image_is_refused_in_a_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^An array of .* is no (image|query); give") as caught:
        QueryInput.of(np.zeros(shape, np.uint8)).query  # noqa: B018
    assert one_sentence(caught.value)
