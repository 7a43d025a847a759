"""Embedders are registered by name: a class, an instance or a function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.broken import noise
from support.colors import MeanColor, color_vector

from fiftyone_faiss.embedders import (
    Embedder,
    EmbedderError,
    embedder_of,
    is_registered,
    make_registered,
    register_embedder,
    registered_embedders,
    registry,
)

ORANGE = Image.new("RGB", (20, 10), (255, 165, 0))
PINK = Image.new("RGB", (8, 8), (255, 192, 203))


@pytest.fixture(autouse=True)
def _empty_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Gives each test an empty registry."""
    monkeypatch.setattr(registry, "_registered", {})
    yield


def mean_color(images: Sequence[Image.Image]) -> list[list[float]]:
    """The mean color of each image, as plain lists."""
    return [np.asarray(image).mean(axis=(0, 1)).tolist() for image in images]


@pytest.mark.parametrize(
    "given", [MeanColor, MeanColor(), mean_color], ids=["class", "instance", "function"]
)
def test_a_registered_embedder_is_available_by_name(given: Any) -> None:
    register_embedder("my-colors", given)
    assert is_registered("my-colors")
    embedder = make_registered("my-colors")
    assert (embedder.name, embedder.dim, embedder.supports_text) == ("my-colors", 3, False)
    vectors = embedder.embed_images([embedder.preprocess(image) for image in (ORANGE, PINK)])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(
        vectors, [color_vector(255, 165, 0), color_vector(255, 192, 203)], atol=1e-6
    )
    np.testing.assert_allclose(embedder.embed_image(PINK), color_vector(255, 192, 203), atol=1e-6)
    with pytest.raises(EmbedderError, match="'my-colors' embeds images only"):
        embedder.embed_texts(["a dog"])


def test_a_class_is_created_once_on_first_use() -> None:
    made = []

    class Slow(MeanColor):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    register_embedder("slow", Slow)
    assert made == []
    assert make_registered("slow") is make_registered("slow") is made[0]
    assert len(made) == 1


def test_an_instance_stays_the_same_object() -> None:
    given = MeanColor()
    register_embedder("mine", given)
    assert make_registered("mine") is given


def test_names_are_listed_in_order() -> None:
    assert registered_embedders() == []
    for name in ("zebra", "ant", "cow"):
        register_embedder(name, mean_color)
    assert registered_embedders() == ["zebra", "ant", "cow"]
    assert not is_registered("mean-color")


def test_registering_again_replaces_the_embedder() -> None:
    register_embedder("mine", mean_color)
    before = make_registered("mine")
    register_embedder("mine", lambda images: [[image.width, image.height] for image in images])
    after = make_registered("mine")
    assert (before.dim, after.dim) == (3, 2)
    np.testing.assert_allclose(after.embed_image(ORANGE), np.array([2, 1]) / 5**0.5, atol=1e-6)
    assert registered_embedders() == ["mine"]


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_refused(name: str) -> None:
    with pytest.raises(
        EmbedderError, match="The name of an embedder must not be empty; use 'my-model', say"
    ):
        register_embedder(name, mean_color)
    assert registered_embedders() == []


@pytest.mark.parametrize(("given", "kind"), [(7, "int"), ("resnet", "str"), (None, "NoneType")])
def test_other_types_are_refused(given: Any, kind: str) -> None:
    with pytest.raises(
        EmbedderError, match=f"a subclass of Embedder, an instance or a function, got {kind}"
    ):
        register_embedder("mine", given)
    assert not is_registered("mine")


@pytest.mark.parametrize(
    ("returned", "shape"),
    [
        (lambda images: [1.0, 2.0, 3.0], r"\(3,\)"),
        (lambda images: [1.0] * len(images), r"\(1,\)"),
        (lambda images: np.ones((len(images) + 1, 4)), r"\(2, 4\)"),
        (lambda images: 5.0, r"\(\)"),
        (lambda images: None, r"\(\)"),
        (lambda images: np.ones((len(images), 0)), r"\(1, 0\)"),
    ],
    ids=["one vector", "one number each", "too many", "a number", "nothing", "empty vectors"],
)
def test_a_function_that_returns_something_else_is_an_error(returned: Any, shape: str) -> None:
    register_embedder("mine", returned)
    with pytest.raises(
        EmbedderError,
        match=rf"'mine' returned an array of shape {shape} for 1 images; return one vector for",
    ):
        make_registered("mine")


def test_a_function_that_returns_no_numbers_is_an_error() -> None:
    register_embedder("mine", lambda images: [["a", "b"] for _ in images])
    with pytest.raises(
        EmbedderError,
        match=r"'mine' did not return an array of numbers \(.+\); return one vector for each image",
    ):
        make_registered("mine")


def test_a_function_whose_vectors_change_their_length_is_an_error() -> None:
    embedder = embedder_of(lambda images: [np.ones(image.width) for image in images], "width")
    assert embedder.dim == 64
    with pytest.raises(EmbedderError, match=r"'width' returned an array of shape \(2, 20\) for 2"):
        embedder.embed_images([ORANGE, ORANGE])


def test_arrays_of_more_dimensions_are_flattened() -> None:
    embedder = embedder_of(lambda images: [np.ones((2, 3, 4)) for _ in images], "blocks")
    assert embedder.dim == 24
    np.testing.assert_allclose(embedder.embed_image(ORANGE), np.full(24, 24**-0.5), atol=1e-6)


def test_an_unregistered_embedder_has_its_own_name() -> None:
    assert embedder_of(mean_color).name == "mean_color"
    assert embedder_of(MeanColor).name == embedder_of(MeanColor()).name == "mean-color"

    class Callable:
        def __call__(self, images: Sequence[Image.Image]) -> list[list[float]]:
            return mean_color(images)

    named = embedder_of(Callable())
    assert named.name == "Callable"
    np.testing.assert_allclose(named.embed_image(PINK), color_vector(255, 192, 203), atol=1e-6)


def test_fingerprints_of_functions_depend_on_name_and_version() -> None:
    first, same, other, newer = (
        registry.FunctionEmbedder(name, mean_color, version)
        for name, version in [("a", "1"), ("a", "1"), ("b", "1"), ("a", "2")]
    )
    assert first.fingerprint == same.fingerprint
    assert len({first.fingerprint, other.fingerprint, newer.fingerprint}) == 3


def test_a_registered_embedder_embeds_texts() -> None:
    class ColorNames(Embedder):
        name = "names"
        dim = 3
        fingerprint = "names-1"
        supports_text = True

        def embed_images(self, images: Sequence[Image.Image]) -> Any:
            return MeanColor().embed_images(images)

        def embed_texts(self, texts: Sequence[str]) -> Any:
            return self.embed_images([Image.new("RGB", (4, 4), text) for text in texts])

    register_embedder("my-names", ColorNames)
    embedder = make_registered("my-names")
    assert embedder.supports_text
    np.testing.assert_allclose(embedder.embed_texts(["pink"])[0], embedder.embed_image(PINK))
    assert embedder.embed_image(noise(9, 9)) @ embedder.embed_texts(["gray"])[0] > 0.99
