"""A build that is killed repeatedly ends like one that is not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import fiftyone as fo
import numpy as np
from PIL import Image
from support.colors import color_vector

BATCH = 8
# The images for each kill.
SHARE = 300
# What the killed process does. It writes down how many images it embeds, commits every batch, and
# waits for its end when it has embedded so many.
EMBED = """
import sys, time
import fiftyone as fo
sys.path.insert(0, {tests!r})
from support.colors import MeanColor
import fiftyone_faiss
from fiftyone_faiss.brain.indexing import embedding

class Stopping(MeanColor):
    def embed_images(self, images):
        while sum(self.batches) >= int(sys.argv[1]):
            open({reached!r}, "w").close()
            time.sleep(0.01)
        with open({log!r}, "a") as log:
            log.write(f"{{len(images)}}\\n")
        return super().embed_images(images)

embedding.COMMIT_SECONDS = 0.0
dataset = fo.load_dataset({name!r})
fiftyone_faiss.build_index(
    dataset, "color", model=Stopping(), batch_size={batch}, num_workers=1
)
"""


def test_a_build_that_is_killed_repeatedly_is_complete(tmp_path: Path, extent) -> None:
    kills, images = extent.builds, SHARE * extent.builds
    random.seed(51)
    colors = np.random.default_rng(51).integers(0, 256, (images, 3))
    for i, color in enumerate(colors.tolist()):
        Image.new("RGB", (8, 8), tuple(color)).save(tmp_path / f"{i:05}.png")
    dataset = fo.Dataset(persistent=True)
    dataset.add_samples([fo.Sample(str(tmp_path / f"{i:05}.png")) for i in range(images)])
    log, reached = tmp_path / "log", tmp_path / "reached"
    code = EMBED.format(
        tests=str(Path(__file__).parents[1]), log=str(log), reached=str(reached),
        name=dataset.name, batch=BATCH,
    )  # fmt: skip

    def start(goal: int) -> subprocess.Popen[bytes]:
        reached.unlink(missing_ok=True)
        return subprocess.Popen([sys.executable, "-c", code, str(goal)], env=os.environ)

    for _ in range(kills):
        # Some are killed before the first image, some after many commits, some within one.
        with start(random.choice([0, random.randint(1, images // (kills + 2))])) as process:
            while not reached.exists():
                assert process.poll() is None, "it ended before it was killed"
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
    with start(2 * images) as process:
        assert process.wait() == 0
    dataset.reload()
    index = dataset.load_brain_results("color")
    vectors, ids, _ = index.get_embeddings()
    assert sorted(ids.tolist()) == dataset.values("id")
    order = [ids.tolist().index(sample_id) for sample_id in dataset.values("id")]
    expected = np.array([color_vector(*color) for color in colors.tolist()])
    np.testing.assert_allclose(vectors[order], expected, atol=1e-6)
    assert index.store.verify() == []
    # Of each killed run, what it lost at most: the batch that was being committed, and the one that
    # was embedded meanwhile.
    assert images <= _embedded(log) <= images + kills * 2 * BATCH
    dataset.delete()


def _embedded(log: Path) -> int:
    return sum(map(int, log.read_text().split()))
