"""What the names in a query line stand for, in one dataset and in several."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.distances import reference
from support.indexes import index_of
from support.points import one_sentence

import fiftyone_faiss
from fiftyone_faiss.brain import SearchRequest, run_search, search_several
from fiftyone_faiss.brain.queries import terms
from fiftyone_faiss.brain.queries.parsing import References, parse_query
from fiftyone_faiss.brain.queries.terms import (
    CombinedQuery,
    ImageQuery,
    QueryTerm,
    SamplesQuery,
    TextQuery,
)
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.embedders import Embedder


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return fiftyone_faiss.get_embedder(MODEL_NAME)


@pytest.fixture(scope="module")
def vectors(book) -> dict[str, np.ndarray]:
    """The vectors of the book's index, by id."""
    neighbors, ids, _ = book.load_brain_results("clip").get_embeddings()
    return dict(zip(ids.tolist(), neighbors, strict=True))


@pytest.fixture(scope="module")
def things(book) -> Iterator[fo.Dataset]:
    """Another dataset, of 40 of the book's pictures, with an index of their things."""
    dataset = fo.Dataset("things", persistent=True)
    dataset.add_samples([fo.Sample(id.filepath, objects=id.objects) for id in book[20:60]])
    fiftyone_faiss.build_index(dataset, "patches", model=MODEL_NAME, patches_field="objects")
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def colors(book) -> Iterator[fo.Dataset]:
    """A dataset of 30 of the book's pictures, with an index of their colors."""
    dataset = fo.Dataset("colors", persistent=True)
    dataset.add_samples([fo.Sample(id) for id in book.values("filepath")[:30]])
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist")
    yield dataset
    dataset.delete()


def check(
    neighbors: fiftyone_faiss.Neighbors,
    query: np.ndarray,
    atol: float = 1e-6,
    own: Sequence[str] = (),
) -> None:
    """Fails unless these are the nearest to a vector, with their distances.

    Args:
        neighbors: the results
        query: ``(dim,)`` the vector
        atol (1e-6): the largest error of a distance
        own (()): the ids of the query that the index holds, which are no results
    """
    index = neighbors.samples.load_brain_results(neighbors.brain_key)
    stored, sample_ids, label_ids = index.get_embeddings()
    ids = (sample_ids if label_ids is None else label_ids).tolist()
    exact = reference(query[None], stored, "cosine")[0]
    others = np.sort(exact[~np.isin(ids, own)])
    np.testing.assert_allclose(neighbors.distances, others[: len(neighbors)], atol=atol)
    assert set(neighbors.pinned) == set(own)
    assert not set(neighbors.ids) & set(own)
    np.testing.assert_allclose(
        neighbors.distances, [exact[ids.index(id)] for id in neighbors.ids], atol=atol
    )


def crop(path: str, box: list[float]) -> Image.Image:
    """A region of a picture, to whole pixels."""
    image = Image.open(path).convert("RGB")
    left, top, width, height = box
    across, down = image.size
    corners = (left * across, top * down, (left + width) * across, (top + height) * down)
    return image.crop(tuple(round(id) for id in corners))


def surroundings(path: str, box: list[float]) -> Image.Image:
    """A region with half of its size on each side, and then its shorter side made the longer."""
    image = Image.open(path).convert("RGB")
    ends = []
    for start, length, limit in zip(box[:2], box[2:], image.size, strict=True):
        ends.append(
            (
                max(0, round((start - length / 2) * limit)),
                min(limit, round((start + 1.5 * length) * limit)),
            )
        )
    side = max(stop - start for start, stop in ends)
    corners = []
    for (start, stop), limit in zip(ends, image.size, strict=True):
        # About its middle, unless the picture ends there.
        corners.append(min(max(start - (side - (stop - start)) // 2, 0), limit - side))
    left, top = corners
    return image.crop((left, top, left + side, top + side))


# -- @selected ---------------------------------------------------------------------------------


def test_selected_stands_for_the_selected_samples(book, vectors) -> None:
    ids = list(vectors)
    neighbors = fiftyone_faiss.search(book, "@selected", k=9, selected=ids[3:4])
    assert len(neighbors) == 9
    check(neighbors, vectors[ids[3]], own=ids[3:4])
    neighbors = fiftyone_faiss.search(book, "2: @selected", k=9, selected=ids[3:6])
    check(neighbors, np.mean([vectors[id] for id in ids[3:6]], axis=0), own=ids[3:6])
    assert neighbors.query == "3 samples"


def test_what_is_selected_to_be_avoided_is_a_negative_term(book) -> None:
    ids = book.values("id")
    neighbors = fiftyone_faiss.search(
        book, "a cat + 2: @selected", k=9, selected=ids[:2], alt=ids[5:6]
    )
    terms = (
        QueryTerm(TextQuery("a cat")),
        QueryTerm(SamplesQuery(tuple(ids[:2])), 2.0),
        QueryTerm(SamplesQuery(tuple(ids[5:6])), 2.0, negative=True),
    )
    same = fiftyone_faiss.search(book, CombinedQuery(terms), k=9)
    assert (neighbors.ids, neighbors.query) == (same.ids, '"a cat" + 2 x 2 samples - 2 x 1 sample')
    np.testing.assert_array_equal(neighbors.scores, same.scores)
    # A minus turns both round.
    turned = parse_query("- @selected", References(tuple(ids[:2]), tuple(ids[5:6])))
    assert turned == CombinedQuery(
        (
            QueryTerm(SamplesQuery(tuple(ids[:2])), negative=True),
            QueryTerm(SamplesQuery(tuple(ids[5:6]))),
        )
    )
    only = parse_query("@selected", References(alt=tuple(ids[5:6])))
    assert only == CombinedQuery((QueryTerm(SamplesQuery(tuple(ids[5:6])), negative=True),))


def test_without_a_selection_it_is_asked_for(book) -> None:
    for line in ("@selected", "a cat - @selected"):
        with pytest.raises(ValueError, match="Nothing is selected, but the query has") as caught:
            fiftyone_faiss.search(book, line)
        assert one_sentence(caught.value)
    # Where no name asks for it, a selection changes nothing.
    ids = book.values("id")[:2]
    plain = fiftyone_faiss.search(book, "a cat", k=5)
    assert fiftyone_faiss.search(book, "a cat", k=5, selected=ids, alt=ids).ids == plain.ids


# -- ids ---------------------------------------------------------------------------------------


def test_an_id_is_a_sample_of_the_index(book, vectors) -> None:
    for id in list(vectors)[:3]:
        neighbors = fiftyone_faiss.search(book, f"@{id}", k=9)
        assert neighbors.ids == fiftyone_faiss.search(book, id, k=9).ids
        check(neighbors, vectors[id], own=[id])


def test_an_id_is_a_label_of_an_index_of_labels(things) -> None:
    index = things.load_brain_results("patches")
    neighbors, _, ids = index.get_embeddings()
    for i in (0, 17):
        check(fiftyone_faiss.search(things, f"@{ids[i]}", k=9), neighbors[i], own=[ids[i]])
    own = [ids[0], ids[17]]
    both = fiftyone_faiss.search(things, "@selected", k=9, selected=own)
    check(both, neighbors[[0, 17]].mean(axis=0), own=own)


def test_a_label_is_embedded_as_its_surroundings_for_an_index_of_images(book, embedder) -> None:
    for sample in (book.first(), book.last()):
        for id in sample.objects.detections:
            neighbors = fiftyone_faiss.search(book, f"@{id.id}", k=9)
            query = embedder.embed_image(surroundings(sample.filepath, id.bounding_box))
            check(neighbors, query)
            assert neighbors.query == "1 sample"


def test_a_label_of_another_dataset_is_cut_out_as_an_index_of_labels_says(
    book, things, embedder
) -> None:
    sample = book.last()
    id = sample.objects.detections[0]
    _, neighbors = search_several([book, things], f"@{id.id}", k=9)
    check(neighbors, embedder.embed_image(crop(sample.filepath, id.bounding_box)))


def test_a_sample_is_embedded_as_its_image_for_an_index_of_labels(things, embedder) -> None:
    sample = things.first()
    neighbors = fiftyone_faiss.search(things, f"@{sample.id}", k=9)
    check(neighbors, embedder.embed_image(Image.open(sample.filepath).convert("RGB")))


def test_samples_and_labels_may_be_selected_together(book, vectors, embedder) -> None:
    sample = book.first()
    id = sample.objects.detections[0]
    other = book.last().id
    region = embedder.embed_image(surroundings(sample.filepath, id.bounding_box))
    neighbors = fiftyone_faiss.search(book, "@selected", k=9, selected=[id.id, other])
    check(neighbors, np.stack([vectors[other], region]).mean(axis=0), own=[other])


def test_a_sample_that_is_not_indexed_is_embedded(dataset) -> None:
    fiftyone_faiss.build_index(dataset[:8], "colors", model="colorhist")
    last = dataset.last()
    neighbors = fiftyone_faiss.search(dataset, f"@{last.id}", k=3)
    query = fiftyone_faiss.get_embedder("colorhist").embed_image(Image.open(last.filepath))
    check(neighbors, query)
    assert last.id not in neighbors.ids


def test_an_id_of_nothing_and_a_file_that_is_gone_are_named(dataset, rng) -> None:
    fiftyone_faiss.build_index(dataset[:8], "colors", model="colorhist")
    nothing = "0" * 24
    with pytest.raises(ValueError, match="no vector for 1 ids") as caught:
        fiftyone_faiss.search(dataset, f"@{nothing}")
    assert one_sentence(caught.value)
    last = dataset.last()
    Path(last.filepath).unlink()
    with pytest.raises(ValueError, match=f"'{last.id}' cannot be used as a query") as caught:
        fiftyone_faiss.search(dataset, f"@{last.id}")
    assert one_sentence(caught.value)
    # Nobody knows what its vectors are of, so nothing can be embedded for it.
    index_of(dataset[:8], rng.normal(size=(8, 3)), "given")
    with pytest.raises(ValueError, match="no vector for 1 ids"):
        fiftyone_faiss.search(dataset, f"@{last.id}", "given")


def test_some_ids_that_are_not_indexed_are_embedded_and_not_very_many(dataset, monkeypatch) -> None:
    fiftyone_faiss.build_index(dataset[:4], "colors", model="colorhist")
    embedder = fiftyone_faiss.get_embedder("colorhist")
    vectors = np.stack([embedder.embed_image(Image.open(id.filepath)) for id in dataset])
    ids = dataset.values("id")
    some = fiftyone_faiss.search(dataset, ids[2:], k=2)
    check(some, vectors[2:].mean(axis=0), own=ids[2:4])
    assert len(some) == 2
    # Twice is twice the weight.
    twice = fiftyone_faiss.search(dataset, [ids[0], ids[9], ids[9]], k=3)
    check(twice, vectors[[0, 9, 9]].mean(axis=0), own=ids[:1])
    # All that the index holds is in the query.
    whole = fiftyone_faiss.search(dataset, ids, k=4)
    assert (whole.ids, list(whole.pinned), whole.cutoff, whole.verdict) == ([], ids[:4], 0, None)
    monkeypatch.setattr(terms, "MAX_EMBEDDED", 7)
    sentence = "^8 of the ids are not in the index 'colors', and at most 7 can be embedded for"
    with pytest.raises(ValueError, match=sentence) as caught:
        fiftyone_faiss.search(dataset, ids, k=4)
    assert one_sentence(caught.value)
    with pytest.raises(ValueError, match=f"no vector for 1 ids, such as '{'0' * 24}'"):
        fiftyone_faiss.search(dataset, [*ids[:5], "0" * 24], k=4)


def test_an_id_alone_is_one_in_python_and_in_the_app(book) -> None:
    id = book.last().id
    expected = fiftyone_faiss.search(book, [id], k=5).ids
    for line in (id, f" {id} ", id.upper()):
        assert fiftyone_faiss.search(book, line, k=5).ids == expected
        assert run_search(book, SearchRequest.from_params({"query": line, "k": 5})).ids == expected
    by_text = fiftyone_faiss.search(book, f'"{id}"', k=5)
    assert by_text.query == f'"{id}"'


# -- uploads, paths ----------------------------------------------------------------------------


def test_uploads_are_images_by_name(book, embedder) -> None:
    first, second = book.first(), book.last()
    images: list[Any] = [first.filepath, Path(first.filepath), Image.open(first.filepath)]
    for image in images:
        neighbors = fiftyone_faiss.search(book, "@upload", k=5, uploads={"upload": image})
        assert neighbors.ids[0] == first.id
        check(neighbors, embedder.embed_image(Image.open(first.filepath).convert("RGB")))
    uploads = {"upload": first.filepath, "upload2": Image.open(second.filepath)}
    both = fiftyone_faiss.search(book, "@upload + 3: @upload2", k=160, uploads=uploads)
    same = fiftyone_faiss.search(book, f"@{first.id} + 3: @{second.id}", k=160)
    assert both.query == f"{Path(first.filepath).name} + 3 x @upload2"
    # The images of uploads are results, the samples are none.
    own = {first.id, second.id}
    assert own <= set(both.ids)
    assert set(same.pinned) == own
    assert [id for id in both.ids if id not in own][:20] == same.ids[:20]
    with pytest.raises(ValueError, match="There is no @upload2; drop an image") as caught:
        fiftyone_faiss.search(book, "@upload - @upload2", uploads={"upload": first.filepath})
    assert one_sentence(caught.value)


def test_an_uploaded_form_is_decoded_by_name(book) -> None:
    path = Path(book.first().filepath)
    content = base64.b64encode(path.read_bytes()).decode()
    query = SearchRequest.from_params(
        {"query": "@upload", "uploads": {"upload": {"name": "a b.jpg", "content": content}}}
    ).query
    assert isinstance(query, ImageQuery)
    assert query.name == "a b.jpg"
    np.testing.assert_array_equal(query.image, Image.open(path).convert("RGB"))


def test_paths_are_images(book, embedder, tmp_path, monkeypatch) -> None:
    sample = book.first()
    odd = tmp_path / "a picture.jpg"
    odd.write_bytes(Path(sample.filepath).read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for line in (str(odd), "./a picture.jpg", f"2: {odd}", "~/a picture.jpg"):
        neighbors = fiftyone_faiss.search(book, line, k=5)
        assert neighbors.ids[0] == sample.id
        assert neighbors.query == "a picture.jpg"
        check(neighbors, embedder.embed_image(Image.open(sample.filepath).convert("RGB")))
        asked = SearchRequest.from_params({"query": line, "k": 5})
        assert run_search(book, asked).ids == neighbors.ids
    dashed = tmp_path / "Photo - 1 + 2.jpg"
    dashed.write_bytes(odd.read_bytes())
    for line in (f'"{dashed}"', '"./Photo - 1 + 2.jpg"'):
        for neighbors in (
            fiftyone_faiss.search(book, line, k=5),
            run_search(book, SearchRequest.from_params({"query": line, "k": 5})),
        ):
            assert (neighbors.ids[0], neighbors.query) == (sample.id, "Photo - 1 + 2.jpg")
    away = fiftyone_faiss.search(book, f"a cat - {odd}", k=160)
    assert away.query == '"a cat" - a picture.jpg'
    assert away.ids.index(sample.id) > 80


@pytest.mark.parametrize("name", ["none.png", "text.png", "folder.png"])
def test_a_path_of_no_picture_is_refused_in_a_sentence(book, tmp_path, name) -> None:
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "folder.png").mkdir()
    path = tmp_path / name
    for ask in (
        lambda: fiftyone_faiss.search(book, f"a cat + {path}"),
        lambda: SearchRequest.from_params({"query": f"a cat + {path}"}).query,
    ):
        with pytest.raises(ValueError, match=re.escape(name)) as caught:
            ask()
        assert one_sentence(caught.value)


# -- several datasets --------------------------------------------------------------------------


def test_words_are_searched_in_several_datasets(book, things) -> None:
    first, second = search_several([book, (things, "patches")], "a red car", k=6)
    assert first.ids == fiftyone_faiss.search(book, "a red car", k=6).ids
    assert second.ids == fiftyone_faiss.search(things, "a red car", k=6).ids
    assert (first.samples, second.samples) == (book, things)
    assert (first.brain_key, second.brain_key) == ("clip", "patches")
    assert set(second.ids) <= set(things.values("objects.detections.id", unwind=True))


def test_a_view_among_several_is_searched_alone(book, things) -> None:
    view = things[5:15]
    _, second = search_several([book, view], "a red car", k=6)
    assert set(second.sample_ids) <= set(view.values("id"))
    assert second.ids == fiftyone_faiss.search(view, "a red car", k=6).ids


def test_what_another_index_does_not_hold_is_embedded_by_its_model(book, colors, vectors) -> None:
    # Pictures of the book that the other dataset has not.
    for sample in book[100:103]:
        first, second = search_several([book, colors], f"@{sample.id}", k=6)
        check(first, vectors[sample.id], own=[sample.id])
        embedder = fiftyone_faiss.get_embedder("colorhist")
        query = embedder.embed_image(Image.open(sample.filepath).convert("RGB"))
        check(second, query)
        # And the other way round: what only the second knows.
    other = colors.last()
    first, second = search_several([book, colors], "@selected", k=6, selected=[other.id])
    query = embedder.embed_image(Image.open(other.filepath).convert("RGB"))
    check(second, query, own=[other.id])
    assert first.pinned == {}
    # It is the same picture.
    assert first.ids[0] == book.match(fo.ViewField("filepath") == other.filepath).first().id


def test_a_label_of_another_dataset_is_embedded_as_its_surroundings(book, things, colors) -> None:
    sample = things.first()
    label = sample.objects.detections[0]
    neighbors = search_several([book, things, colors], f"@{label.id}", k=6)
    image = surroundings(sample.filepath, label.bounding_box)
    clip, hist = (fiftyone_faiss.get_embedder(id) for id in (MODEL_NAME, "colorhist"))
    check(neighbors[0], clip.embed_image(image))
    assert neighbors[1].pinned == {label.id: sample.id}
    assert len(neighbors[1]) == 6
    check(neighbors[2], hist.embed_image(image))


def test_ids_and_lists_of_them_are_of_any_of_the_datasets(book, colors) -> None:
    ids = [book.last().id, colors.last().id]
    line = search_several([book, colors], "@selected", k=6, selected=ids)
    listed = search_several([book, colors], ids, k=6)
    assert [id.ids for id in listed] == [id.ids for id in line]
    alone = search_several([book, colors], ids[0], k=6)
    assert alone[1].ids == search_several([colors, book], f"@{ids[0]}", k=6)[0].ids


def test_two_indexes_of_one_dataset_are_searched(dataset, rng) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist")
    given = rng.normal(size=(12, 3)).astype(np.float32)
    index_of(dataset, given, "given")
    ids = dataset.values("id")
    first, second = search_several([(dataset, "colors"), (dataset, "given")], f"@{ids[4]}", k=5)
    exact = reference(given[4][None], given, "cosine")[0]
    others = [i for i in np.argsort(exact) if i != 4]
    assert second.ids == [ids[i] for i in others[:5]]
    assert (first.brain_key, second.brain_key) == ("colors", "given")
    assert first.pinned == second.pinned == {ids[4]: ids[4]}
    assert len(first) == 5


def test_several_are_refused_as_one_is(book, colors) -> None:
    with pytest.raises(ValueError, match="There are no targets; give one or more datasets"):
        search_several([], "a cat")
    with pytest.raises(ValueError, match="cannot be searched by text") as caught:
        search_several([book, colors], "a cat")
    assert one_sentence(caught.value)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        search_several([book], "a cat", k=0)
    with pytest.raises(ValueError, match="no vector for 1 ids"):
        search_several([book, colors], "@" + "0" * 24)


def test_a_plain_dataset_knows_no_ids_of_others(book, colors) -> None:
    with pytest.raises(ValueError, match="no vector for 1 ids"):
        fiftyone_faiss.search(book, f"@{colors.first().id}")
    # A form may say of which dataset its ids are.
    params = {"query": f"@{book.last().id}", "k": 4}
    neighbors = run_search(colors, SearchRequest.from_params(params, book))
    assert neighbors.ids == search_several([colors, book], params["query"], k=4)[0].ids
