"""Clusters of drawn images against their scenes, and their names."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.brain.curation.grouping.cluster_request import ClusterRequest
from fiftyone_faiss.brain.curation.grouping.clusters import Clusters
from fiftyone_faiss.demo.world import COLOR_NAMES, KINDS, SCENE_NAMES

TEXTS = (*SCENE_NAMES, *KINDS, *COLOR_NAMES)


@pytest.fixture(scope="module")
def scenes(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """The drawn images with an index "colors", which tells their scenes apart, beside "clip"."""
    dataset = book.clone(persistent=True)
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist", progress=False)
    yield dataset
    dataset.delete()


def truths(clusters: Clusters, dataset: fo.Dataset) -> list[tuple[str, float]]:
    """The most frequent scene of each cluster, and its share."""
    scene = dict(zip(*dataset.values(["id", "scene.label"]), strict=True))
    majorities = []
    for cluster in clusters.clusters:
        own = [scene[id] for id in clusters.members(cluster.number)]
        best = max(set(own), key=own.count)
        majorities.append((best, own.count(best) / len(own)))
    return majorities


def purity(clusters: Clusters, dataset: fo.Dataset) -> float:
    sizes = [cluster.size for cluster in clusters.clusters]
    shares = [share for _, share in truths(clusters, dataset)]
    return float(np.average(shares, weights=sizes))


def cluster(dataset: fo.Dataset, **options: object) -> Clusters:
    defaults = {"n_clusters": 8, "names_key": "clip", "vocabulary": TEXTS}
    return fiftyone_faiss.cluster_samples(dataset, "colors", **{**defaults, **options})


def test_clusters_are_scenes_with_their_names(scenes: fo.Dataset) -> None:
    clusters = cluster(scenes)
    assert purity(clusters, scenes) >= 0.8
    majorities = [scene for scene, _ in truths(clusters, scenes)]
    right = [a == b for a, b in zip(clusters.names, majorities, strict=True)]
    assert np.mean(right) >= 0.9
    assert sum(each.size for each in clusters.clusters) == clusters.compared == len(scenes)
    sizes = [each.size for each in clusters.clusters]
    assert sizes == sorted(sizes, reverse=True) and clusters.runs == 5
    named = next(each for each in clusters.clusters if each.name)
    assert named.evidence.text == named.name and named.evidence.margin > 2
    assert 0.5 <= named.name_confidence <= 1 and f"'{named.name}' is" in named.reason
    assert f"8 clusters of {len(scenes)}" in str(clusters)


def test_without_the_truth_in_the_vocabulary_nothing_is_named(scenes: fo.Dataset) -> None:
    clusters = cluster(scenes, vocabulary=(*KINDS, *COLOR_NAMES))
    assert sum(name is None for name in clusters.names) >= 0.8 * len(clusters.clusters)
    unnamed = clusters.clusters[clusters.names.index(None)]
    assert unnamed.label == f"cluster {unnamed.number}" and unnamed.name_confidence == 0
    assert unnamed.reason.startswith("No text fits; the best one is not sure: '")
    assert cluster(scenes, vocabulary="none").names == [None] * 8


def test_a_number_is_proposed(scenes: fo.Dataset) -> None:
    clusters = cluster(scenes, n_clusters=None)
    assert 6 <= len(clusters.clusters) <= 12
    assert purity(clusters, scenes) >= 0.8
    gains = {each.k: each.gain for each in clusters.proposal.candidates}
    assert max(gains, key=gains.__getitem__) == clusters.proposal.k


def test_members_medoids_and_borders_are_as_numpy_says(scenes: fo.Dataset) -> None:
    clusters = cluster(scenes)
    vectors, ids, _ = scenes.load_brain_results("colors").get_embeddings()
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    row = {id: n for n, id in enumerate(ids)}
    centers = clusters.partition.centers
    for each in clusters.clusters:
        own = clusters.members(each.number)
        products = units[[row[id] for id in own]] @ centers.T
        assert (products.argmax(axis=1) == each.number).all()
        assert (np.diff(products[:, each.number]) <= 1e-6).all()
        assert each.medoids[0] == own[0] and set(each.medoids) <= set(own)
        for case in each.borders:
            others = units[row[case.id]] @ centers.T
            others[each.number] = -np.inf
            assert others.argmax() == case.other
        sure = [case.confidence for case in each.borders]
        assert sure == sorted(sure)
    means = [units[[row[id] for id in clusters.members(n)]].mean(axis=0) for n in range(8)]
    means = np.array(means) / np.linalg.norm(means, axis=1, keepdims=True)
    assert (np.einsum("ij,ij->i", means, centers) > 0.999).all()


def test_names_by_a_person_survive_another_run(scenes: fo.Dataset) -> None:
    clusters = cluster(scenes)
    number = next(n for n, name in enumerate(clusters.names) if name)
    before = clusters.names[number]
    renamed = clusters.rename(number, " my place ")
    assert renamed.names[number] == "my place" and clusters.names[number] == before
    assert renamed.clusters[number].reason == "A person named it."
    again = cluster(scenes, seed=90)
    place = again.names.index("my place")
    shared = set(again.members(place)) & set(clusters.members(number))
    assert len(shared) > 0.5 * clusters.clusters[number].size
    assert again.clusters[place].name_confidence == 1 and before not in again.names
    view = scenes.take(120, seed=1)
    assert "my place" in cluster(view).names
    with pytest.raises(ValueError, match=f"Cluster {place} is named 'MY PLACE' already"):
        again.rename((place + 1) % 8, "MY PLACE")
    reset = again.rename(place, None).reset_name(place)
    assert reset.names[place] == again.clusters[place].text_name
    assert "my place" not in cluster(scenes).names


def test_a_name_is_reset_unless_another_cluster_has_it(scenes: fo.Dataset) -> None:
    clusters = cluster(scenes)
    first, second = [n for n, name in enumerate(clusters.names) if name][:2]
    before = clusters.names[first]
    swapped = clusters.rename(first, "mine").rename(second, before)
    with pytest.raises(ValueError, match=f"Cluster {second} is named '{before}' already"):
        swapped.reset_name(first)
    # A result that was made before has the names, once it reads them.
    assert clusters.names[first] == before
    assert clusters.with_kept_names().names == swapped.names
    restored = swapped.reset_name(second).reset_name(first)
    assert restored.names == clusters.names == swapped.with_kept_names().names


def test_a_form_has_a_vocabulary_of_its_own() -> None:
    params = {"vocabulary": "own", "texts": ["beach", " city "], "n_clusters": 3, "other": 1}
    request = ClusterRequest.from_params(params)
    assert (request.vocabulary, request.n_clusters) == (("beach", "city"), 3)
    assert ClusterRequest.from_params({"vocabulary": ""}).vocabulary == "general"
    with pytest.raises(ValueError, match="vocabulary has no texts"):
        ClusterRequest.from_params({"vocabulary": "own"})


def test_clusters_are_saved_tagged_and_undone(scenes: fo.Dataset) -> None:
    clusters = cluster(scenes, field="place")
    labels = dict(zip(*scenes.values(["id", "place"]), strict=True))
    for each in clusters.clusters:
        for id in clusters.members(each.number):
            assert (labels[id].label, labels[id].cluster) == (each.label, each.number)
            assert 0 < labels[id].confidence <= 1
    saved = clusters.rename(0, "first").save("place")
    assert saved.count == len(scenes)
    assert scenes.count_values("place.label")["first"] == clusters.clusters[0].size
    saved.undo()
    assert scenes.values("place.label") == [labels[id].label for id in scenes.values("id")]
    with pytest.raises(ValueError, match="The field 'scene' holds other values"):
        clusters.save("scene")
    assert sorted(clusters.tag(0, "zero")) == sorted(clusters.members(0))
    assert fiftyone_faiss.untag_neighbors(scenes, "zero") == clusters.clusters[0].size
    assert clusters.view(1).values("id") == clusters.members(1)
    assert len(clusters.view()) == 8
    cluster(scenes).reset_name(0)
    scenes.delete_sample_field("place")


def test_groups_are_the_second_level(scenes: fo.Dataset) -> None:
    clusters = cluster(scenes, n_clusters=16, n_groups=6)
    assert sorted(n for group in clusters.groups for n in group.clusters) == list(range(16))
    assert len(clusters.groups) == 6
    group = clusters.groups[0]
    assert [clusters.clusters[n].group for n in group.clusters] == [0] * len(group.clusters)
    if group.label not in [each.label for each in clusters.clusters]:
        size = sum(clusters.clusters[n].size for n in group.clusters)
        assert len(clusters.members(group.label)) == size
    assert clusters.to_dict()["groups"][0]["clusters"] == group.clusters


@pytest.fixture
def blobs(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """Four dense groups of 60 samples, and 40 samples anywhere; one vector is zero."""
    centers = 6 * np.linalg.qr(rng.normal(size=(16, 16)))[0][:4]
    vectors = np.concatenate(
        [*(c + 0.4 * rng.normal(size=(60, 16)) for c in centers), 3 * rng.normal(size=(40, 16))]
    ).astype(np.float32)
    vectors[-1] = 0
    dataset = fo.Dataset(persistent=True)
    kinds = [n // 60 for n in range(240)] + [-1] * 40
    dataset.add_samples(
        [fo.Sample(f"/none/{i}.png", kind=kind) for i, kind in enumerate(kinds)], progress=False
    )
    index_of(dataset, vectors)
    yield dataset
    dataset.delete()


def test_density_leaves_out_what_is_in_no_group(blobs: fo.Dataset) -> None:
    clusters = fiftyone_faiss.cluster_samples(blobs, method="density", min_size=20)
    kind = dict(zip(*blobs.values(["id", "kind"]), strict=True))
    groups = [[kind[id] for id in clusters.members(n)] for n in range(len(clusters.clusters))]
    assert sorted(max(set(own), key=own.count) for own in groups) == [0, 1, 2, 3]
    # Each group is in one cluster; what is beside it there is of no group.
    for own in groups:
        assert len(set(own) - {-1}) == 1 and sum(n >= 0 for n in own) >= 58
    assert sum(own.count(-1) for own in groups) <= 15
    assert len(clusters.unclustered) >= 30 and clusters.agreement > 0.8
    assert all(kind[id] == -1 for id in clusters.unclustered[-20:])
    assert "does not embed text" in clusters.notes[0]
    none = fiftyone_faiss.cluster_samples(blobs.limit(8), method="density")
    assert none.clusters == [] and none.notes[0].startswith("No region is denser")


def test_dense_regions_are_scenes_and_not_by_chance(scenes: fo.Dataset, rng) -> None:
    options = {"n_clusters": None, "method": "density", "vocabulary": "none"}
    clusters = cluster(scenes, **options, names_key=None)
    scene = dict(zip(*scenes.values(["id", "scene.label"]), strict=True))
    own = [{scene[id] for id in clusters.members(n)} for n in range(len(clusters.clusters))]
    # Each cluster is one scene, and each scene is one cluster.
    assert sorted(own, key=sorted) == [{name} for name in sorted(SCENE_NAMES)]
    assert clusters.unclustered == [] and clusters.agreement == pytest.approx(1)
    assert purity(clusters, scenes) == 1
    # The same clusters of shuffled scenes: what these sizes reach by chance.
    labels, sizes = np.array(list(scene.values())), [each.size for each in clusters.clusters]
    ends = np.cumsum(sizes)[:-1]

    def of_shuffled() -> float:
        parts = np.split(rng.permutation(labels), ends)
        return sum(max(np.unique(part, return_counts=True)[1]) for part in parts) / len(labels)

    assert max(of_shuffled() for _ in range(200)) < 0.4
    # The demo's CLIP has no dense region of a scene, and the runs say that they disagree.
    others = fiftyone_faiss.cluster_samples(scenes, "clip", method="density", vocabulary="none")
    assert purity(others, scenes) < 0.4 and others.agreement < 0.7


def test_a_zero_vector_is_in_no_cluster(blobs: fo.Dataset) -> None:
    clusters = fiftyone_faiss.cluster_samples(blobs, n_clusters=4)
    assert clusters.unclustered == [blobs.last().id]
    assert clusters.save("group").count == 279
    assert blobs.last().group is None


def test_noise_has_no_number_of_clusters(rng: np.random.Generator) -> None:
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(400)], progress=False)
    index_of(dataset, rng.normal(size=(400, 24)).astype(np.float32))
    clusters = fiftyone_faiss.cluster_samples(dataset)
    assert clusters.clusters == [] and clusters.proposal.k is None
    assert clusters.notes[0].startswith("No number of clusters stands out")
    assert str(clusters) == "No clusters stand out among 400."
    forced = fiftyone_faiss.cluster_samples(dataset, n_clusters=10, vocabulary="none")
    assert forced.agreement < 0.4 and "agree by only" in forced.notes[0]
    dataset.delete()


def test_bad_values_are_refused(blobs: fo.Dataset) -> None:
    for options, message in (
        ({"n_clusters": 1}, "n_clusters is 1; give 2 or more"),
        ({"n_clusters": 500}, "n_clusters is 500, but the index holds 280"),
        ({"method": "magic"}, "method is 'magic'; choose 'kmeans' or 'density'"),
        ({"method": "density", "n_clusters": 4}, "finds the number of clusters itself"),
        ({"min_size": 4}, "min_size belongs to the method 'density'"),
        ({"vocabulary": "latin"}, "vocabulary is 'latin'; give a list of texts"),
        ({"vocabulary": []}, "vocabulary has no texts"),
        ({"seeds": 0}, "seeds is 0; give 1 to 20"),
        ({"names_key": "no"}, "has no FAISS index 'no'"),
    ):
        with pytest.raises(ValueError, match=message):
            fiftyone_faiss.cluster_samples(blobs, **{"n_clusters": 3, **options})
    clusters = fiftyone_faiss.cluster_samples(blobs, n_clusters=3)
    with pytest.raises(ValueError, match="There is no cluster 7; give a number below 3"):
        clusters.members(7)
