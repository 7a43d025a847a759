"""What is known of a field of embeddings: which model wrote it, when, and what failed.

It is kept as a FiftyOne run of the dataset, whose results are small however many vectors there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
from fiftyone import ViewField as F

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.data.lookup import all_slices, videos
from fiftyone_faiss.brain.data.media import Media, Regions, media_fingerprints
from fiftyone_faiss.embedders import Embedder

METHOD = "fiftyone_faiss_embeddings"


class FieldRecord:
    """The record of one field.

    Args:
        dataset: the dataset
        config: what FiftyOne keeps of it: the field's name, whether it is of frames, the model's
            name and fingerprint, the regions, when the files were last looked at
        failures: why some have no vector, by their id
    """

    def __init__(self, dataset: fo.Dataset, config: Any, failures: dict[str, str]) -> None:
        self._dataset = dataset
        self._prefix = "frames." if config.of_frames else ""
        self._field: str = config.embeddings_field
        patches_field = config.regions["patches_field"]
        self._patches_field = patches_field and self._prefix + patches_field
        self._key = _key(self._prefix + self._field, patches_field)
        self._config = config
        self.failures = failures

    @classmethod
    def open(
        cls,
        samples: foc.SampleCollection,
        embeddings_field: str,
        embedder: Embedder,
        regions: Regions,
        media: Media,
        force: bool,
    ) -> FieldRecord:
        """The record of a field that is about to be written, made when there is none.

        A field holds vectors of one model only. Forced to another, those of ``media`` are removed
        before the first of the new ones is written.

        Raises:
            ValueError: if the field holds vectors of another model, or of other regions, unless
                all of them are forced
        """
        config = samples._root_dataset.init_run(
            method=METHOD,
            embeddings_field=embeddings_field,
            of_frames=samples._is_frames,
            model=embedder.name,
            fingerprint=embedder.fingerprint,
            regions=asdict(regions),
            embedded_at=datetime.now(timezone.utc).isoformat(),
        )
        new = cls(samples._root_dataset, config, {})
        old = new._before()
        if old is not None and old._agrees_with(config):
            return old
        held = new._known(new._everything)
        if held and not force:
            raise ValueError(
                f"The field '{embeddings_field}' holds {new._what_differs(old)}; pass force=True "
                "to embed all again, or choose another embeddings_field."
            )
        if outside := held - set(media.ids):
            raise ValueError(
                f"The field '{embeddings_field}' holds {new._what_differs(old)}, and "
                f"{len(outside):,} of them are not of these samples; embed the whole dataset with "
                "force=True, or choose another embeddings_field."
            )
        if held:
            new._store(media, [None] * len(media))
        new._register()
        return new

    def _before(self) -> FieldRecord | None:
        """The record that there is already of the same field."""
        return _load(self._dataset, self._key) if self._dataset.has_run(self._key) else None

    def _agrees_with(self, config: Any) -> bool:
        have, want = self._config, config
        return bool(have.fingerprint == want.fingerprint and have.regions == want.regions)

    def _what_differs(self, old: FieldRecord | None) -> str:
        """What the field holds, according to its record from before."""
        if old is None:
            return "vectors of which nothing is known"
        if old._config.fingerprint == self._config.fingerprint:
            return f"vectors of other parts of the images ({old._config.regions})"
        return (
            f"vectors of '{old._config.model}', whose weights are not those of "
            f"'{self._config.model}'"
        )

    def _register(self) -> None:
        if self._dataset.has_run(self._key):
            self._dataset.delete_run(self._key)
        self._dataset.register_run(self._key, self._config)
        self._save()

    def lacking(self, samples: foc.SampleCollection, media: Media, check_media: bool) -> Media:
        """What has no vector yet, or failed, or, if asked for, changed since it was embedded."""
        # What failed may have a vector: that of the file from before it changed.
        done = self._known(samples) - self.failures.keys()
        wanted = np.array([one not in done for one in media.ids], bool)
        if check_media:
            since = datetime.fromisoformat(self._config.embedded_at).timestamp()
            wanted |= media_fingerprints(media)["mtime"] > since * 1e9
        return media.keep(np.flatnonzero(wanted).tolist())

    @property
    def _everything(self) -> foc.SampleCollection:
        """All that the field may be written for."""
        return videos(self._dataset) if self._prefix else all_slices(self._dataset)

    def _known(self, samples: foc.SampleCollection) -> set[str]:
        """The ids of what has a vector; of frames, of all there are, whatever a view shows."""
        if self._prefix:
            samples = self._everything
        if self._patches_field is None:
            if not samples.has_field(self._prefix + self._field):
                return set()
            if self._prefix:
                held = samples.match_frames(F(self._field).exists())
                return set(held.values("frames.id", unwind=True))
            id_field = "sample_id" if samples._is_patches else "id"
            return set(samples.exists(self._field).values(id_field))
        _, path = samples._get_label_field_path(self._patches_field, self._field)
        _, id_path = samples._get_label_field_path(self._patches_field, "id")
        if not samples.has_field(path):
            return set()
        held = samples.filter_labels(self._patches_field, F(self._field).exists())
        ids = held.values(id_path, unwind=True)
        return {one for one in ids if one is not None}

    def write(self, media: Media, vectors: Matrix) -> None:
        """Writes vectors into the field."""
        self._store(media, list(vectors))

    def _store(self, media: Media, values: Sequence[Matrix | None]) -> None:
        by_id = dict(zip(media.ids, values, strict=True))
        samples = self._everything
        if self._patches_field is None:
            samples.set_values(self._prefix + self._field, by_id, key_field=f"{self._prefix}id")
            return
        _, path = samples._get_label_field_path(self._patches_field, self._field)
        samples.set_label_values(path, by_id, dynamic=True)

    def note(self, embedded: Iterable[str], failures: dict[str, str]) -> None:
        """Remembers what failed, and forgets it of what was embedded."""
        left = self.failures.keys() - set(embedded)
        changed = {**{one: self.failures[one] for one in self.failures if one in left}, **failures}
        if changed != self.failures:
            self.failures = changed
            self._save()

    def finish(self, media: Media, looked_at: datetime) -> None:
        """Remembers when the files were last looked at, if they were those of all vectors."""
        if self._known(self._everything) <= set(media.ids):
            self._config.embedded_at = looked_at.isoformat()
            self._dataset.update_run_config(self._key, self._config)

    def _save(self) -> None:
        results = self._dataset.init_run_results(self._key, failures=self.failures)
        self._dataset.save_run_results(self._key, results, overwrite=True)


def known_failures(samples: foc.SampleCollection, embeddings_field: str) -> dict[str, str]:
    """Why some have no vector in a field, or in fields of that name of labels, by their id.

    Raises:
        ValueError: if nothing is known of the field
    """
    dataset = samples._root_dataset
    keys = dataset.list_runs(method=METHOD)
    records = [_load(dataset, key) for key in keys]
    found = [record for record in records if record._field == embeddings_field]
    if not found:
        raise ValueError(
            f"Nothing is known of the embeddings in '{embeddings_field}'; compute them with "
            f"compute_embeddings(dataset, model, embeddings_field='{embeddings_field}')."
        )
    return {one: reason for record in found for one, reason in record.failures.items()}


def _load(dataset: fo.Dataset, key: str) -> FieldRecord:
    results = dataset.load_run_results(key)
    failures = {} if results is None else dict(results.failures)
    return FieldRecord(dataset, dataset.get_run_info(key).config, failures)


def _key(embeddings_field: str, patches_field: str | None) -> str:
    """The key of the run: a name, which may hold no dots."""
    if patches_field is None and "." not in embeddings_field:
        return f"embeddings_{embeddings_field}"
    digest = hashlib.sha1(f"{patches_field}|{embeddings_field}".encode()).hexdigest()[:8]
    words = f"{patches_field or ''}_{embeddings_field}".strip("_").replace(".", "_")
    return f"embeddings_{words}_{digest}"
