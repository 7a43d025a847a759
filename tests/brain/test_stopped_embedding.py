"""An embedding that is killed again and again ends like one that nobody touched."""

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

IMAGES, KILLS = 3_000, 10
# What the killed process does; it writes down how many images it embeds.
EMBED = """
import sys, time
import fiftyone as fo
sys.path.insert(0, {tests!r})
from support.colors import MeanColor
import fiftyone_faiss
from fiftyone_faiss.brain import embedding

class Slow(MeanColor):
    def embed_images(self, images):
        time.sleep(0.001 * len(images))
        with open({log!r}, "a") as log:
            log.write(f"{{len(images)}}\\n")
        return super().embed_images(images)

embedding.COMMIT_SECONDS = 0.02
dataset = fo.load_dataset({name!r})
open({ready!r}, "w").close()
fiftyone_faiss.build_index(dataset, "color", model=Slow(), batch_size=4, num_workers=1)
"""


def test_a_run_that_is_killed_ten_times_loses_nothing(tmp_path: Path) -> None:
    random.seed(51)
    colors = np.random.default_rng(51).integers(0, 256, (IMAGES, 3))
    for i, color in enumerate(colors.tolist()):
        Image.new("RGB", (8, 8), tuple(color)).save(tmp_path / f"{i:05}.png")
    dataset = fo.Dataset(persistent=True)
    dataset.add_samples([fo.Sample(str(tmp_path / f"{i:05}.png")) for i in range(IMAGES)])
    log, ready = tmp_path / "log", tmp_path / "ready"
    code = EMBED.format(
        tests=str(Path(__file__).parents[1]), log=str(log), ready=str(ready), name=dataset.name
    )

    def start() -> subprocess.Popen[bytes]:
        ready.unlink(missing_ok=True)
        return subprocess.Popen([sys.executable, "-c", code], env=os.environ)

    killed = 0
    while killed < KILLS:
        process = start()
        while not ready.exists():
            assert process.poll() is None, "it could not start"
            time.sleep(0.02)
        before = _embedded(log)
        # Some are killed before the first image, some after several commits.
        goal = before + random.randint(0, IMAGES // (KILLS + 2))
        while _embedded(log) < goal and process.poll() is None:
            time.sleep(0.005)
        assert process.poll() is None, "it ended before it was killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += 1
    assert start().wait() == 0
    dataset.reload()
    index = dataset.load_brain_results("color")
    vectors, ids, _ = index.get_embeddings()
    assert sorted(ids.tolist()) == dataset.values("id")
    order = [ids.tolist().index(one) for one in dataset.values("id")]
    expected = np.array([color_vector(*color) for color in colors.tolist()])
    np.testing.assert_allclose(vectors[order], expected, atol=1e-6)
    assert index.store.verify() == []
    assert IMAGES <= _embedded(log) <= 1.05 * IMAGES
    dataset.delete()


def _embedded(log: Path) -> int:
    # The last line may be half written.
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return sum(map(int, lines))
