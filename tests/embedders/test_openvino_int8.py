"""Networks in int8: calibrated, written to files, read again, and refused if these are damaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.demo.evaluate import draw_unseen
from fiftyone_faiss.embedders import EmbedderError, Vectors
from fiftyone_faiss.embedders.agreement import measure_agreement
from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

pytestmark = pytest.mark.backends

DIGEST = "0123456789ab"


@pytest.fixture(scope="module")
def clip() -> OpenClipEmbedder:
    spec = OpenClipSpec.parse(str(MODEL_DIR))
    return OpenClipEmbedder("clip", spec, device="cpu", precision="float32")


@pytest.fixture(scope="module")
def arrays(clip: OpenClipEmbedder) -> list[Any]:
    """Drawn images, as the network takes them."""
    return [clip.preprocess(unseen.image) for unseen in draw_unseen(150)]


@pytest.fixture(scope="module")
def written(
    clip: OpenClipEmbedder, arrays: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with a network that the first 60 images calibrated, and its record."""
    from fiftyone_faiss.embedders import openvino_int8 as int8

    folder, taken = tmp_path_factory.mktemp("int8"), []
    int8.quantize(clip, arrays[:60], folder, lambda: taken.append(1))
    assert len(taken) >= 60
    embedder = int8.quantized_embedder(clip, folder, DIGEST)
    agreement = measure_agreement(embedded(clip, arrays), embedded(embedder, arrays))
    checksums = int8.checksums_of(folder)
    record = int8.Calibration(DIGEST, clip.fingerprint, 60, agreement, checksums)
    (folder / int8.RECORD_FILE).write_text(record.to_json())
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "int8"))


def embedded(embedder: Any, arrays: list[Any]) -> Vectors:
    parts = [embedder.embed_images(arrays[i : i + 10]) for i in range(0, len(arrays), 10)]
    return np.concatenate(parts)


def load(clip: OpenClipEmbedder, folder: Path) -> Any:
    from fiftyone_faiss.embedders.openvino_int8 import load_quantized

    return load_quantized(clip, folder, DIGEST)


def test_nothing_is_sent_and_nothing_is_printed(tmp_path: Path) -> None:
    """In a fresh process, since NNCF sends nothing where pytest is imported."""
    code = f"""
from pathlib import Path
import socket, sys
from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec
from fiftyone_faiss.embedders.openvino_int8 import quantize
def refuse(*_):
    raise AssertionError("a connection was opened")
socket.socket.connect = refuse
spec = OpenClipSpec.parse({str(MODEL_DIR)!r})
clip = OpenClipEmbedder("clip", spec, device="cpu", precision="float32")
image = __import__("PIL.Image").Image.radial_gradient("L").convert("RGB")
quantize(clip, [clip.preprocess(image)] * 4, Path({str(tmp_path)!r}), lambda: None)
assert sys.modules["openvino_telemetry"] is None
"""
    environment = {**os.environ, "HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert ended.stdout == ""
    assert sorted(path.name for path in tmp_path.glob("network.*")) == [
        "network.bin",
        "network.xml",
    ]
    # Where the consent and the id of a user would be.
    assert not (tmp_path / "intel").exists()


def test_the_network_is_read_as_it_was_measured(
    clip: OpenClipEmbedder, arrays: list[Any], folder: Path
) -> None:
    embedder = load(clip, folder)
    exact, vectors = embedded(clip, arrays), embedded(embedder, arrays)
    assert measure_agreement(exact, vectors) == embedder.agreement
    assert embedder.agreement.recall > 0.9
    assert 0.97 < embedder.agreement.min_cosine < 1 - 1e-5
    assert (embedder.precision, embedder.dim) == (f"openvino-int8-{DIGEST}", clip.dim)
    assert embedder.fingerprint != clip.fingerprint
    np.testing.assert_array_equal(embedded(load(clip, folder), arrays), vectors)


def test_the_linear_layers_are_in_int8(folder: Path) -> None:
    text = (folder / "network.xml").read_text()
    assert 'element_type="i8"' in text
    assert text.count('type="FakeQuantize"') >= 10
    bytes_of_weights = (folder / "network.bin").stat().st_size
    checkpoint = MODEL_DIR / "open_clip_pytorch_model.bin"
    assert bytes_of_weights < checkpoint.stat().st_size


def test_the_digest_depends_on_the_network_and_on_the_images(
    clip: OpenClipEmbedder, arrays: list[Any]
) -> None:
    from fiftyone_faiss.embedders.openvino_int8 import calibration_digest

    digest = calibration_digest(clip, arrays[:20])
    assert len(digest) == 12 and calibration_digest(clip, arrays[:20]) == digest
    assert calibration_digest(clip, arrays[:19]) != digest
    assert calibration_digest(clip, arrays[19::-1]) != digest
    assert calibration_digest(clip.scrambled(), arrays[:20]) != digest


@pytest.mark.parametrize("name", ["network.xml", "network.bin"])
def test_a_damaged_file_is_refused(clip: OpenClipEmbedder, folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(
        EmbedderError,
        match=r"^The int8 network of 'clip' is damaged: its checksums differ; restore",
    ):
        load(clip, folder)


@pytest.mark.parametrize("name", ["network.xml", "network.bin", "calibration.json"])
def test_a_missing_file_is_refused(clip: OpenClipEmbedder, folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(
        EmbedderError, match=r"^The int8 network of 'clip' cannot be read"
    ) as caught:
        load(clip, folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"digest": 1}', '{"agreement": 1}'])
def test_a_damaged_record_is_refused(clip: OpenClipEmbedder, folder: Path, text: str) -> None:
    (folder / "calibration.json").write_text(text)
    with pytest.raises(EmbedderError, match=r"^The int8 network of 'clip' cannot be read"):
        load(clip, folder)


def test_other_weights_of_the_model_are_refused(clip: OpenClipEmbedder, folder: Path) -> None:
    record = json.loads((folder / "calibration.json").read_text())
    record["base_fingerprint"] = "0" * 16
    (folder / "calibration.json").write_text(json.dumps(record))
    with pytest.raises(
        EmbedderError, match=r"^The int8 network of 'clip' was calibrated with other"
    ):
        load(clip, folder)
