"""Near duplicates against NumPy, and what is done with them."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from support.distances import reference_distances
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.curation.accidental_pairs import NearestPairs

PLAIN = {"rules": ("labels",)}


def clusters(rng: np.random.Generator, n: int, dim: int = 32) -> np.ndarray:
    centers = rng.normal(size=(20, dim))
    return (centers[rng.integers(20, size=n)] + 0.5 * rng.normal(size=(n, dim))).astype(np.float32)


@pytest.fixture
def samples(rng: np.random.Generator) -> Iterator[tuple[fo.Dataset, np.ndarray]]:
    """600 samples without files, of which 60 are near duplicates of the first 60."""
    vectors = clusters(rng, 600)
    vectors[540:] = vectors[:60] + 0.02 * rng.normal(size=(60, 32))
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png", number=i) for i in range(600)])
    index_of(dataset, vectors)
    yield dataset, vectors
    dataset.delete()


def test_groups_keep_a_near_one_of_each_redundant_sample(samples) -> None:
    dataset, vectors = samples
    duplicates = fiftyone_faiss.find_near_duplicates(dataset, thresh=0.25, **PLAIN)
    ids = dataset.values("id")
    place = {id: n for n, id in enumerate(ids)}
    distances = reference_distances(vectors, "cosine")
    first, second = np.nonzero(np.triu(distances <= 0.25, 1))
    expected = {(ids[a], ids[b]) for a, b in zip(first, second, strict=True)}
    assert {(pair.id_a, pair.id_b) for pair in duplicates.pairs} == expected
    assert duplicates.pair_count == len(expected) > 200
    assert {pair.verdict for pair in duplicates.pairs} == {"unverified"}
    for pair in duplicates.pairs:
        assert pair.distance == pytest.approx(distances[place[pair.id_a], place[pair.id_b]])
    grouped = [id for group in duplicates.groups for id in group]
    assert sorted(grouped) == sorted({id for pair in expected for id in pair})
    assert sorted(duplicates.keepers + duplicates.redundant) == sorted(grouped)
    for group in duplicates.members:
        kept = [m for m in group if m.keeper == m.id]
        assert group[: len(kept)] == kept
        # No keeper could be dropped: no other keeper is near it.
        among = distances[np.ix_([place[m.id] for m in kept], [place[m.id] for m in kept])]
        assert (among[~np.eye(len(kept), dtype=bool)] > 0.25).all()
        for member in group:
            own = distances[place[member.id], place[member.keeper]]
            assert own <= 0.25 and member.distance == pytest.approx(own, abs=1e-9)
    assert (duplicates.recall, duplicates.compared, duplicates.thresh) == (1.0, 600, 0.25)


def test_a_chain_keeps_several(rng) -> None:
    angles = np.radians(np.arange(40) * 4)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(40)])
    index_of(dataset, vectors)
    thresh = float(1 - np.cos(np.radians(9)))
    duplicates = fiftyone_faiss.find_near_duplicates(dataset, thresh=thresh, **PLAIN)
    (group,) = duplicates.groups
    assert sorted(group) == sorted(dataset.values("id"))
    # Each keeper covers two frames on either side.
    assert 8 <= len(duplicates.keepers) <= 14
    dataset.delete()


def test_the_proposed_threshold_finds_planted_duplicates(samples) -> None:
    dataset, _ = samples
    duplicates = fiftyone_faiss.find_near_duplicates(dataset, **PLAIN)
    ids = dataset.values("id")
    planted = {(ids[n], ids[540 + n]) for n in range(60)}
    pairs = {(pair.id_a, pair.id_b) for pair in duplicates.pairs}
    assert planted <= pairs
    assert len(pairs) <= 70
    expected = duplicates.expected_accidental_pairs
    assert expected.low <= len(pairs) - 60 <= expected.high + 3
    assert str(duplicates).startswith(f"{len(duplicates.redundant)} of 600 are redundant")


def test_nothing_is_proposed_where_nothing_stands_out(rng) -> None:
    for _ in range(5):
        dataset = fo.Dataset()
        dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(400)])
        index_of(dataset, clusters(rng, 400))
        duplicates = fiftyone_faiss.find_near_duplicates(dataset, **PLAIN)
        assert len(duplicates.redundant) <= 4, str(duplicates)
        dataset.delete()


def test_a_fraction_proposes_a_threshold(samples) -> None:
    dataset, vectors = samples
    duplicates = fiftyone_faiss.find_near_duplicates(dataset, fraction=0.2, **PLAIN)
    distances = reference_distances(vectors, "cosine")
    np.fill_diagonal(distances, np.inf)
    assert (distances.min(axis=1) <= duplicates.thresh).mean() == pytest.approx(0.2, abs=0.01)


def test_the_expected_number_of_accidental_pairs_covers_the_true_one() -> None:
    covered = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        vectors = clusters(rng, 800)
        dataset = fo.Dataset()
        dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(800)])
        index_of(dataset, vectors)
        nearest = NearestPairs.of(Compared.of(dataset, None).vectors)
        distances = reference_distances(vectors, "cosine")
        # The threshold within which 10 pairs are.
        thresh = float(np.sort(distances[np.triu_indices(800, 1)])[9])
        expected = nearest.expected(thresh)
        covered += expected.low <= 10 <= expected.high
        dataset.delete()
    assert covered >= 8


def test_a_test_sample_is_never_removed_for_a_training_one(samples) -> None:
    dataset, _ = samples
    dataset.set_values("split", ["train"] * 540 + ["test"] * 60)
    duplicates = fiftyone_faiss.find_near_duplicates(
        dataset, thresh=0.02, split_field="split", rules=("labels",)
    )
    tests = set(dataset.match(fo.ViewField("split") == "test").values("id"))
    assert len(duplicates.redundant) == 60
    assert not tests & set(duplicates.redundant)
    (member, *_) = [
        m for group in duplicates.members for m in group if m.id in duplicates.redundant
    ]
    assert member.rule == "split"


def test_views_are_compared_alone(samples) -> None:
    dataset, _ = samples
    view = dataset.skip(20).limit(530)
    duplicates = fiftyone_faiss.find_near_duplicates(view, thresh=0.02, **PLAIN)
    # Ten planted duplicates are in the view, but not the samples that they resemble.
    assert (duplicates.compared, duplicates.groups) == (530, [])
    pairs = dataset.select(dataset[:20].values("id") + dataset[540:550].values("id"))
    duplicates = fiftyone_faiss.find_near_duplicates(pairs, thresh=0.02, **PLAIN)
    assert (duplicates.compared, len(duplicates.groups), len(duplicates.redundant)) == (30, 10, 10)


def test_tags_fields_and_views(samples) -> None:
    dataset, _ = samples
    duplicates = fiftyone_faiss.find_near_duplicates(dataset, thresh=0.02, **PLAIN)
    assert len(duplicates.redundant) == 60
    assert sorted(duplicates.tag("copy")) == sorted(duplicates.redundant)
    assert set(dataset.match_tags("copy").values("id")) == set(duplicates.redundant)
    assert fiftyone_faiss.untag_neighbors(dataset, "copy") == 60
    assert dataset.count_sample_tags() == {}

    assert duplicates.save("twins").count == 120
    for number, group in enumerate(duplicates.members[:5]):
        for rank, member in enumerate(group):
            sample = dataset[member.id]
            saved = (sample.twins_group, sample.twins_rank, sample.twins_keeper)
            assert saved == (number, rank, member.keeper)
            assert sample.twins_distance == pytest.approx(member.distance)
            assert sample.twins_verdict == member.verdict
    dataset.add_sample_field("mine_group", fo.StringField)
    with pytest.raises(ValueError, match="'mine_group' holds other values"):
        duplicates.save("mine")

    assert set(duplicates.clean_view().values("id")) == set(dataset.values("id")) - set(
        duplicates.redundant
    )
    assert duplicates.redundant_view().values("id") == duplicates.redundant
    view = duplicates.view()
    assert len(view) == len(duplicates.groups)
    shown = [group.values("id") for group in view.iter_dynamic_groups()]
    assert [sorted(group) for group in shown] == [sorted(group) for group in duplicates.groups]


def test_removal_is_confirmed_and_undone(samples) -> None:
    dataset, _ = samples
    duplicates = fiftyone_faiss.find_near_duplicates(dataset, thresh=0.02, **PLAIN)
    before = {sample.id: sample.to_dict() for sample in dataset}
    for wrong in (None, 59, 61):
        with pytest.raises(ValueError, match="This removes 60 samples; call it with confirmed=60"):
            duplicates.remove(wrong)
    assert len(dataset) == 600
    removal = duplicates.remove(60)
    assert set(dataset.values("id")) == set(before) - set(duplicates.redundant)
    assert removal.undo() == 60
    assert removal.undo() == 0
    assert {sample.id: sample.to_dict() for sample in dataset} == before
    # What another person removed meanwhile is not counted.
    dataset.delete_samples(duplicates.redundant[:10])
    with pytest.raises(ValueError, match="This removes 50 samples"):
        duplicates.remove(60)
    kept = duplicates.keeping(duplicates.redundant[10:20])
    assert len(kept.redundant) == 50
    assert len(kept.remove(40).ids) == 40


def test_keepers_inherit_tags_and_labels(samples) -> None:
    dataset, _ = samples
    duplicates = fiftyone_faiss.find_near_duplicates(dataset, thresh=0.02, rules=("age",))
    keeper, redundant = (
        (m.keeper, m.id) for group in duplicates.members for m in group if m.id != m.keeper
    ).__next__()
    other = dataset[redundant]
    other.tags = ["rare"]
    other["animal"] = fo.Classification(label="zebra")
    other["things"] = fo.Detections(detections=[fo.Detection(label="ear")])
    other.save()
    kept = dataset[keeper]
    kept["things"] = fo.Detections(detections=[fo.Detection(label="tail")])
    kept.save()
    merge = duplicates.merge()
    assert (merge.tags, merge.labels) == ({keeper: ["rare"]}, {keeper: ["animal"]})
    kept = dataset[keeper]
    assert (kept.tags, kept.animal.label) == (["rare"], "zebra")
    assert [d.label for d in kept.things.detections] == ["tail"]
    assert kept.animal.id != other.animal.id
    merge.undo()
    kept = dataset[keeper]
    assert (kept.tags, kept.animal) == ([], None)


def test_patches_are_found_removed_and_restored(rng) -> None:
    dataset = fo.Dataset()
    boxes = [fo.Detection(label="a", bounding_box=[0, 0, 0.5, 0.5]) for _ in range(60)]
    dataset.add_samples(
        [
            fo.Sample(f"/none/{i}.png", things=fo.Detections(detections=boxes[3 * i : 3 * i + 3]))
            for i in range(20)
        ]
    )
    labels = dataset.values("things.detections.id")
    vectors = clusters(rng, 60).reshape(20, 3, 32)
    vectors[10:, 0] = vectors[:10, 0] * 1.5
    embeddings = {id: of for id, of in zip(dataset.values("id"), vectors, strict=True)}
    index_of(dataset, embeddings, patches_field="things")
    duplicates = fiftyone_faiss.find_near_duplicates(dataset, thresh=1e-6, **PLAIN)
    expected = {tuple(sorted((labels[i][0], labels[10 + i][0]))) for i in range(10)}
    assert {tuple(sorted(group)) for group in duplicates.groups} == expected
    assert duplicates.tag("twin") == duplicates.redundant
    assert dataset.count_label_tags() == {"twin": 10}
    with pytest.raises(ValueError, match="This removes 10 labels"):
        duplicates.remove()
    removal = duplicates.remove(10)
    assert dataset.count("things.detections") == 50
    assert removal.undo() == 10
    assert sorted(dataset.values("things.detections.id", unwind=True)) == sorted(
        id for ids in labels for id in ids
    )
    dataset.delete()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"thresh": -0.1}, r"thresh is -0\.1; give a distance of 0 to 2"),
        ({"thresh": 2.1}, r"thresh is 2\.1; give a distance of 0 to 2"),
        ({"thresh": float("nan")}, "thresh is nan; give a distance"),
        ({"thresh": "near"}, "thresh is 'near'; give a number"),
        ({"fraction": 0}, "fraction is 0; give a number above 0"),
        ({"thresh": 0.1, "fraction": 0.1}, "Give thresh or fraction, not both"),
        ({"rules": ["beauty"]}, "There is no rule 'beauty'; choose from"),
        ({"brain_key": "no"}, "has no FAISS index 'no'"),
    ],
)
def test_bad_values_are_refused_in_a_sentence(samples, options, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        fiftyone_faiss.find_near_duplicates(samples[0], **options)


def test_what_cannot_be_compared_is_refused(samples) -> None:
    dataset, vectors = samples
    with pytest.raises(ValueError, match="holds 1 of these samples, and two are needed"):
        fiftyone_faiss.find_near_duplicates(dataset[:1], thresh=0.1)
    index_of(dataset, vectors, "dots", metric="dotproduct")
    with pytest.raises(ValueError, match="'dotproduct' have no symmetric distances"):
        fiftyone_faiss.find_near_duplicates(dataset, "dots", thresh=0.1)
    dataset.delete_samples(dataset[:599].values("id"))
    with pytest.raises(ValueError, match="holds 1 of these samples"):
        fiftyone_faiss.find_near_duplicates(dataset, "given", thresh=0.1)


@pytest.mark.parametrize("index_type", ["IVF16,Flat", "HNSW16", "SQ8"])
def test_the_ann_index_does_not_change_the_result(samples, index_type: str) -> None:
    dataset, vectors = samples
    index_of(dataset, vectors, "ann", index_type=index_type)
    info = next(i for i in fiftyone_faiss.list_indexes(dataset) if i.brain_key == "ann")
    assert info.factory is not None and index_type.split(",")[0] in info.factory
    exact = fiftyone_faiss.find_near_duplicates(dataset, "given", thresh=0.25, **PLAIN)
    other = fiftyone_faiss.find_near_duplicates(dataset, "ann", thresh=0.25, **PLAIN)
    assert other.groups == exact.groups and other.redundant == exact.redundant
    assert other.pairs == exact.pairs
    assert (other.recall, exact.recall) == (1.0, 1.0)
