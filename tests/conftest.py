"""Runs the tests with a database, a zoo and indexes of their own, in one folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from environment import use_folder

ROOT = Path(__file__).resolve().parent.parent
(ROOT / ".test").mkdir(exist_ok=True)
# The tests in a folder have its marker.
MARKERS = {"e2e": "browser", "faults": "faults"}
FOLDER = Path(tempfile.mkdtemp(prefix="run-", dir=ROOT / ".test"))

# Called before anything imports FiftyOne, which then reads its configuration.
use_folder(FOLDER)
# An accidental download fails at once instead of hanging.
os.environ["HF_HUB_OFFLINE"] = "1"
# LanceDB runs do not store where their tables are; the App's server finds them here, too.
os.environ["FIFTYONE_BRAIN_SIMILARITY_LANCEDB_URI"] = str(FOLDER / "lancedb")

import fiftyone as fo  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from PIL import Image  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in MARKERS:
            item.add_marker(MARKERS[folder])


@pytest.fixture(scope="session", autouse=True)
def _remove_folder() -> Iterator[None]:
    yield
    shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(51)


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[fo.Dataset]:
    """Twelve 32 px images of one color each, from green to red."""
    dataset = fo.Dataset(persistent=True)
    paths = []
    for i in range(12):
        path = tmp_path / f"{i:02}.png"
        Image.new("RGB", (32, 32), (20 * i, 255 - 20 * i, 40)).save(path)
        paths.append(path)
    dataset.add_samples([fo.Sample(str(path), number=i) for i, path in enumerate(paths)])
    yield dataset
    if not dataset.deleted:
        dataset.delete()


@pytest.fixture(scope="session")
def book() -> fo.Dataset:
    """160 drawn images with an index "clip" of the demo's model; tests leave it unchanged."""
    import fiftyone_faiss
    from fiftyone_faiss.brain import get_embedder, register_zoo_model
    from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
    from fiftyone_faiss.demo.dataset import create_dataset
    from fiftyone_faiss.embedders.open_clip import OpenClipSpec

    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    dataset = create_dataset("book", FOLDER / "datasets" / "book", 160)
    # The precision that is chosen by default depends on the machine.
    exact = get_embedder(MODEL_NAME, precision="float32")
    fiftyone_faiss.build_index(dataset, "clip", model=exact)
    return dataset
