"""Exported files, and changes of them that only their formats' own libraries make."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from fiftyone_faiss.brain.similarity import FaissSimilarityConfig
from fiftyone_faiss.brain.transfer.description import METADATA_KEY, seal
from support.points import one_sentence

SUFFIXES = {
    "parquet": ".parquet",
    "arrow": ".arrow",
    "npy": ".npy",
    "safetensors": ".safetensors",
    "archive": ".zip",
}


def file_names(folder: Path) -> list[str]:
    """Returns the names of all files in a folder, also the hidden ones."""
    return sorted(path.name for path in folder.iterdir())


def state_of(dataset: fo.Dataset) -> tuple[list[str], list[str]]:
    """Returns the Brain runs of a dataset, and the folders of all indexes."""
    root = FaissSimilarityConfig().root
    dataset.reload()
    return dataset.list_brain_runs(), file_names(root) if root.exists() else []


class Unchanged:
    """Checks that an import is refused in one sentence, and that nothing of it is left."""

    def __init__(self, dataset: fo.Dataset) -> None:
        self._dataset = dataset
        self._before = state_of(dataset)

    def after(self, action: Callable[[], Any]) -> str:
        """Calls what must fail, and returns the sentence."""
        try:
            report = action()
        except ValueError as error:
            assert one_sentence(error), str(error)
            assert state_of(self._dataset) == self._before
            return str(error)
        raise AssertionError(f"it did not fail: {report}")


def read_table(path: Path) -> pa.Table:
    """Reads a file of the format Parquet or Arrow."""
    if path.suffix == ".parquet":
        return pq.read_table(path)
    with pa.OSFile(str(path)) as stream:
        return pa.ipc.open_file(stream).read_all()


def write_table(table: pa.Table, path: Path) -> None:
    """Writes a file of the format Parquet or Arrow."""
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.OSFile(str(path), "wb") as stream, pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table)


def rewrite_archive(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Changes the files of an archive, which its list of files then contradicts."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def redescribe(path: Path, **changes: Any) -> None:
    """Changes values of the description of a file, with the hash that then fits."""

    def changed(text: str | bytes) -> str:
        return seal({**json.loads(text), **changes})

    if path.suffix in (".parquet", ".arrow"):
        table = read_table(path)
        text = table.schema.metadata[METADATA_KEY.encode()]
        write_table(table.replace_schema_metadata({METADATA_KEY: changed(text)}), path)
    elif path.suffix == ".npy":
        keys = json.loads(path.with_suffix(".json").read_text())
        keys[METADATA_KEY] = json.loads(changed(json.dumps(keys[METADATA_KEY])))
        path.with_suffix(".json").write_text(json.dumps(keys))
    elif path.suffix == ".safetensors":
        with safe_open(path, framework="numpy") as file:
            text = file.metadata()[METADATA_KEY]
        save_file(load_file(path), path, {METADATA_KEY: changed(text)})
    else:

        def change(files: dict[str, bytes]) -> None:
            index = json.loads(files["index.json"])
            index[METADATA_KEY] = json.loads(changed(json.dumps(index[METADATA_KEY])))
            files["index.json"] = json.dumps(index).encode()

        rewrite_archive(path, change)


def vectors_and_ids(path: Path) -> tuple[np.ndarray, list[str]]:
    """Reads the vectors and the sample ids of a file without this package."""
    if path.suffix in (".parquet", ".arrow"):
        table = read_table(path)
        return np.stack(table["embedding"].to_numpy()), table["sample_id"].to_pylist()
    if path.suffix == ".npy":
        return np.load(path), json.loads(path.with_suffix(".json").read_text())["sample_id"]
    arrays = load_file(path)
    ids = arrays["sample_id"].tobytes().decode()
    return arrays["embedding"], [ids[i : i + 24] for i in range(0, len(ids), 24)]
