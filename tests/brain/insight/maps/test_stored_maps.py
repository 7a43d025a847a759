"""Maps as FiftyOne's visualization runs: saved, listed, loaded, renamed, cloned and deleted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import fiftyone as fo
import fiftyone.brain as fob
import fiftyone.core.odm as odm
import numpy as np
import pytest
from fiftyone.brain.visualization import UMAPVisualizationConfig, VisualizationResults
from fiftyone.core.brain import BrainMethod
from support.scored import clusters, dataset_of

import fiftyone_faiss
from fiftyone_faiss.brain import MapInfo
from fiftyone_faiss.brain.data.private import run_document
from fiftyone_faiss.brain.insight.maps.index_map import IndexMap

LOAD = """
import json, sys
import fiftyone as fo
import fiftyone_faiss
loaded = fiftyone_faiss.load_map(fo.load_dataset(sys.argv[1]), "some")
print(json.dumps([loaded.points.tolist(), loaded.ids, loaded.quality.kept.tolist(), str(loaded)]))
"""


@pytest.fixture
def dataset(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """40 samples without files, in two clusters."""
    vectors, numbers = clusters(rng, [25, 15])
    dataset = dataset_of(vectors, cluster=numbers.tolist())
    dataset.persistent = True
    yield dataset
    dataset.delete()


def made(samples: fo.Dataset | fo.DatasetView, method: str = "pca", **options: object) -> IndexMap:
    return fiftyone_faiss.visualize_index(
        samples, method=method, **{"vis_key": "some", "progress": False, **options}
    )


def check_equal(loaded: IndexMap, saved: IndexMap) -> None:
    """Fails unless everything about two maps is equal."""
    for name in ("points", "placed"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(saved, name))
    if saved.projection is not None and loaded.projection is not None:
        np.testing.assert_array_equal(loaded.projection.directions, saved.projection.directions)
        np.testing.assert_array_equal(loaded.projection.offsets, saved.projection.offsets)
    np.testing.assert_array_equal(loaded.quality.kept, saved.quality.kept)
    assert str(loaded.quality) == str(saved.quality)
    for name in ("ids", "sample_ids", "method", "patches_field", "axes", "shares", "options"):
        assert getattr(loaded, name) == getattr(saved, name), name


def test_a_fresh_process_loads_it(dataset: fo.Dataset) -> None:
    saved = made(dataset)
    command = [sys.executable, "-c", LOAD, dataset.name]
    points, ids, kept, text = json.loads(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    )
    np.testing.assert_array_equal(np.array(points, np.float32), saved.points)
    assert (ids, text) == (saved.ids, str(saved))
    np.testing.assert_array_equal(np.array(kept, np.float32), saved.quality.kept)


def test_fiftyone_loads_it_as_its_own(dataset: fo.Dataset) -> None:
    saved = made(dataset, "umap", num_neighbors=7, min_dist=0.3, seed=4)
    dataset.clear_cache()
    results = dataset.load_brain_results("some")
    assert type(results) is VisualizationResults and type(results.config) is UMAPVisualizationConfig
    np.testing.assert_array_equal(results.points, saved.points)
    assert results.sample_ids.tolist() == dataset.values("id") == saved.ids
    assert results.reducer_blob is None and not results.supports_auto_updates
    config = results.config
    assert (config.similarity_index, config.num_dims, config.method) == ("given", 2, "umap")
    assert (config.num_neighbors, config.min_dist, config.seed) == (7, 0.3, 4)
    with results.use_view(dataset.match(fo.ViewField("cluster") == 1)):
        assert results.current_sample_ids.tolist() == saved.ids[25:]
    check_equal(fiftyone_faiss.load_map(dataset, "some"), saved)


def test_maps_are_listed_and_others_are_not(dataset: fo.Dataset) -> None:
    fob.compute_visualization(
        dataset, points=np.zeros((40, 2)), brain_key="theirs", method="manual"
    )
    assert fiftyone_faiss.list_maps(dataset) == []
    made(dataset, "umap", num_dims=3)
    first, second = dataset.values("id")[:2]
    axes = ((first, second), f"@{second}")
    made(dataset, "axes", vis_key="named", axes=axes)
    lines = (f"@{second} - @{first}", f"@{second}")
    assert fiftyone_faiss.list_maps(dataset) == [
        MapInfo("named", "given", "axes", 2, 40, None, lines),
        MapInfo("some", "given", "umap", 3, 40, None, None),
    ]
    assert fiftyone_faiss.load_map(dataset, "named").axes == lines
    with pytest.raises(ValueError, match="no map 'theirs'; there are: 'named', 'some'"):
        fiftyone_faiss.load_map(dataset, "theirs")
    with pytest.raises(ValueError, match="'theirs' is a Brain run, and no map"):
        made(dataset, vis_key="theirs", overwrite=True)
    with pytest.raises(ValueError, match="'given' is a Brain run, and no map"):
        made(dataset, vis_key="given", overwrite=True)


def test_a_map_is_only_replaced_on_request(dataset: fo.Dataset) -> None:
    saved = made(dataset)
    with pytest.raises(ValueError, match="There is a map 'some' already; choose another"):
        made(dataset, num_dims=3)
    check_equal(fiftyone_faiss.load_map(dataset, "some"), saved)
    made(dataset, num_dims=3, overwrite=True)
    assert fiftyone_faiss.load_map(dataset, "some").num_dims == 3


@pytest.mark.parametrize("step", ["register_run", "save_run_results"])
def test_a_map_stays_if_its_replacement_cannot_be_saved(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    saved, files = made(dataset), stored_files()
    original = getattr(BrainMethod, step)

    def fail(*args: object, **options: object) -> None:
        original(*args, **options)
        raise OSError("the disk is full")

    with monkeypatch.context() as patches, pytest.raises(OSError, match="the disk is full"):
        is_bound = step == "save_run_results"
        patches.setattr(BrainMethod, step, staticmethod(fail) if is_bound else fail)
        made(dataset, "pca", num_dims=3, overwrite=True)
    assert dataset.list_brain_runs() == ["given", "some"]
    check_equal(fiftyone_faiss.load_map(dataset, "some"), saved)
    assert stored_files() == files


def test_a_run_that_was_made_meanwhile_stays(dataset: fo.Dataset) -> None:
    saved = made(dataset)
    saved.delete()
    points = np.ones((40, 2))
    fob.compute_visualization(dataset, points=points, brain_key="some", method="manual")
    with pytest.raises(ValueError, match="'some' is a Brain run, and no map"):
        saved.save()
    np.testing.assert_array_equal(dataset.load_brain_results("some").points, points)


def test_the_stored_names_are_a_data_format(dataset: fo.Dataset) -> None:
    made(dataset)
    run = run_document(dataset, "some")
    assert run.config["cls"] == "fiftyone.brain.visualization.PCAVisualizationConfig"
    index = str(run_document(dataset, "given").id)
    assert run.config["faiss_map"] == {
        "method": "pca", "axes": None, "count": 40, "index_run": index,
    }  # fmt: skip
    run.results.seek(0)
    results = json.loads(run.results.read())
    assert results["cls"] == "fiftyone.brain.visualization.VisualizationResults"
    stored = results["faiss_map"]
    assert set(stored) == {
        "arrays", "error", "k", "notes", "recall", "sampled", "trustworthiness",
    }  # fmt: skip
    assert set(stored["arrays"]) == {"directions", "kept", "offsets", "placed", "shares"}


def stored_files() -> int:
    """How many files of results FiftyOne's database has."""
    count: int = odm.get_db_conn()["fs.files"].count_documents({})
    return count


def test_nothing_is_left_of_a_deleted_map(dataset: fo.Dataset) -> None:
    before = stored_files()
    saved = made(dataset)
    assert stored_files() == before + 1
    made(dataset, overwrite=True).delete()
    assert stored_files() == before and fiftyone_faiss.list_maps(dataset) == []
    with pytest.raises(ValueError, match="no map 'some'; there are: none yet"):
        fiftyone_faiss.load_map(dataset, "some")
    saved.save()
    dataset.delete_brain_run("some")
    assert stored_files() == before


def test_a_renamed_map_and_a_renamed_index(dataset: fo.Dataset) -> None:
    saved = made(dataset)
    dataset.rename_brain_run("some", "other")
    dataset.rename_brain_run("given", "vectors")
    (info,) = fiftyone_faiss.list_maps(dataset)
    assert (info.vis_key, info.brain_key) == ("other", "vectors")
    loaded = fiftyone_faiss.load_map(dataset, "other")
    assert loaded.brain_key == "vectors"
    check_equal(loaded, saved)


def test_a_clone_has_its_own_map(dataset: fo.Dataset) -> None:
    saved = made(dataset)
    clone = dataset.clone()
    dataset.delete_brain_run("some")
    check_equal(fiftyone_faiss.load_map(clone, "some"), saved)
    clone.delete()


def test_a_view_is_mapped_alone(dataset: fo.Dataset) -> None:
    view = dataset.match(fo.ViewField("cluster") == 1)
    saved = made(view)
    loaded = fiftyone_faiss.load_map(dataset, "some")
    assert loaded.ids == view.values("id") and loaded.samples == view
    check_equal(loaded, saved)
    worst = loaded.view().values("id")
    order = {id: kept for id, kept in zip(loaded.ids, loaded.quality.kept, strict=True)}
    assert [order[id] for id in worst] == sorted(order.values())
    assert loaded.view(worst[:2]).values("id") == worst[:2]


def test_a_metric_without_symmetric_distances_is_refused(rng: np.random.Generator) -> None:
    dataset = dataset_of(rng.normal(size=(10, 4)), "dotproduct")
    with pytest.raises(ValueError, match="have no symmetric distances; build an index with"):
        made(dataset)
    dataset.delete()
