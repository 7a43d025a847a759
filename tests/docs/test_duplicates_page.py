"""The code in docs/duplicates.md runs and does what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from PIL import Image, ImageEnhance

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

PAGE = Path(__file__).resolve().parents[2] / "docs" / "duplicates.md"


@pytest.fixture
def named(book: fo.Dataset, tmp_path: Path) -> fo.Dataset:
    """20 images of which four have an edited copy and one an equal file, called "my-dataset"."""
    samples = []
    for i, sample in enumerate(book.match(fo.ViewField("near_duplicate_of") == None)[:20]):  # noqa: E711
        samples.append(fo.Sample(sample.filepath, split="train", number=i))
    for i in range(4):
        image = Image.open(samples[i].filepath).convert("RGB")
        path = tmp_path / f"edit-{i}.jpg"
        ImageEnhance.Brightness(image.resize((180, 180))).enhance(0.85).save(path, quality=60)
        samples.append(fo.Sample(str(path), split="test", number=i))
    path = tmp_path / "same.jpg"
    path.write_bytes(Path(samples[5].filepath).read_bytes())
    samples.append(fo.Sample(str(path), split="train", number=5))
    dataset = fo.Dataset("my-dataset")
    dataset.add_samples(samples)
    fiftyone_faiss.build_index(dataset, "clip", model=MODEL_NAME, progress=False)
    yield dataset
    dataset.delete()


def test_the_code_runs(named: fo.Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    # A threshold is given, because few samples propose none.
    code = "\n".join(blocks).replace('"clip", verify', '"clip", 0.2, verify')
    exec(compile(code, str(PAGE), "exec"), names)
    number = dict(zip(*named.values(["id", "number"]), strict=True))
    assert [[number[id] for id in group] for group in names["equal"].groups] == [[5, 5]]
    near = names["near"]
    grouped = sorted(number[group[0]] for group in near.groups)
    assert grouped == [0, 1, 2, 3, 5]
    assert all(len({number[id] for id in group}) == 1 for group in near.groups)
    assert len(named) == 25 and named.count_sample_tags() == {}
    assert named.count("duplicates_group") == 10
    assert len(names["clean"]) == 20
    leaks = names["leaks"]
    assert sorted(number[pair.id_a] for pair in leaks.leaking_pairs) == [0, 1, 2, 3]
    assert len(names["training"]) == 21
    assert "test in train 4 of 4" in capsys.readouterr().out
