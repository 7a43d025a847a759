"""The record of a field of embeddings: the model that wrote it, when, and what failed.

It is a FiftyOne run of the dataset, whose results are small for any number of vectors.
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
from fiftyone_faiss.brain.data.private import (
    FRAMES_PREFIX,
    holds_frames,
    holds_patches,
    label_field_path,
    root_dataset,
)
from fiftyone_faiss.embedders import Embedder

METHOD = "fiftyone_faiss_embeddings"


class FieldRecord:
    """The record of one field.

    Args:
        dataset: the dataset
        config: the config of the run: the field's name, whether it belongs to frames, the model's
            name, fingerprint and precision, the regions, and when the files were last checked
        failures: the reasons of the failures, by id
    """

    def __init__(self, dataset: fo.Dataset, config: Any, failures: dict[str, str]) -> None:
        self._dataset = dataset
        self._prefix = FRAMES_PREFIX if config.of_frames else ""
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
        """Opens the record of a field before it is written; creates it if there is none.

        A field holds vectors of one model only. With ``force`` and another model, the vectors of
        ``media`` are removed before the first new vector is written.

        Args:
            samples: the samples to embed
            embeddings_field: the field
            embedder: the embedder
            regions: the regions to embed
            media: the media of the samples
            force: whether vectors of another model may be replaced

        Raises:
            ValueError: if the field holds vectors of another model or of other regions that will
                not all be replaced
        """
        dataset = root_dataset(samples)
        config = dataset.init_run(
            method=METHOD,
            embeddings_field=embeddings_field,
            of_frames=holds_frames(samples),
            model=embedder.name,
            fingerprint=embedder.fingerprint,
            precision=embedder.precision,
            regions=asdict(regions),
            embedded_at=datetime.now(timezone.utc).isoformat(),
        )
        new = cls(dataset, config, {})
        old = _load(dataset, new._key) if dataset.has_run(new._key) else None
        if old is not None and old._agrees_with(config):
            return old
        held = new._embedded_ids(new._all_samples)
        if held and not force:
            raise ValueError(
                f"The field '{embeddings_field}' holds {new._difference_to(old)}; pass force=True "
                "to embed everything again, or choose another embeddings_field."
            )
        if outside := held - set(media.ids):
            raise ValueError(
                f"The field '{embeddings_field}' holds {new._difference_to(old)}, and "
                f"{len(outside):,} of them belong to other samples; embed the whole dataset with "
                "force=True, or choose another embeddings_field."
            )
        if held:
            new._store(media, [None] * len(media))
        new._register()
        return new

    @property
    def model(self) -> str:
        """The name of the model."""
        name: str = self._config.model
        return name

    @property
    def precision(self) -> str | None:
        """The precision of the newest vectors, None if it was not recorded."""
        precision: str | None = getattr(self._config, "precision", None)
        return precision

    def _agrees_with(self, config: Any) -> bool:
        have, want = self._config, config
        return bool(have.fingerprint == want.fingerprint and have.regions == want.regions)

    def _difference_to(self, old: FieldRecord | None) -> str:
        """Describes the vectors that the field holds, according to its previous record."""
        if old is None:
            return "vectors of an unknown model"
        if old._config.fingerprint == self._config.fingerprint:
            return f"vectors of other regions of the images ({old._config.regions})"
        return (
            f"vectors of '{old._config.model}', whose weights are not those of "
            f"'{self._config.model}'"
        )

    def _register(self) -> None:
        if self._dataset.has_run(self._key):
            self._dataset.delete_run(self._key)
        self._dataset.register_run(self._key, self._config)
        self._save()

    def missing(self, samples: foc.SampleCollection, media: Media, check_media: bool) -> Media:
        """Returns the media to embed.

        Args:
            samples: the samples of the media
            media: the media
            check_media: whether to include files that changed since they were embedded

        Returns:
            the media without a vector, with a failure, or with a changed file
        """
        # Media that failed may have a vector, of the file before it changed.
        done = self._embedded_ids(samples) - self.failures.keys()
        wanted = np.array([media_id not in done for media_id in media.ids], bool)
        if check_media:
            since = datetime.fromisoformat(self._config.embedded_at).timestamp()
            wanted |= media_fingerprints(media)["mtime"] > since * 1e9
        return media.keep(np.flatnonzero(wanted).tolist())

    @property
    def _all_samples(self) -> foc.SampleCollection:
        """All samples that the field may have values for."""
        return videos(self._dataset) if self._prefix else all_slices(self._dataset)

    def _embedded_ids(self, samples: foc.SampleCollection) -> set[str]:
        """Returns the ids of samples or labels with a vector; for frames, of all in the dataset."""
        if self._prefix:
            samples = self._all_samples
        if self._patches_field is None:
            if not samples.has_field(self._prefix + self._field):
                return set()
            if self._prefix:
                embedded = samples.match_frames(F(self._field).exists())
                return set(embedded.values("frames.id", unwind=True))
            id_field = "sample_id" if holds_patches(samples) else "id"
            return set(samples.exists(self._field).values(id_field))
        path = label_field_path(samples, self._patches_field, self._field)
        id_path = label_field_path(samples, self._patches_field, "id")
        if not samples.has_field(path):
            return set()
        embedded = samples.filter_labels(self._patches_field, F(self._field).exists())
        label_ids = embedded.values(id_path, unwind=True)
        return {label_id for label_id in label_ids if label_id is not None}

    def write(self, media: Media, vectors: Matrix, precision: str) -> None:
        """Writes vectors, computed in this precision, into the field."""
        if precision != self.precision:
            self._config.precision = precision
            self._dataset.update_run_config(self._key, self._config)
        self._store(media, list(vectors))

    def _store(self, media: Media, values: Sequence[Matrix | None]) -> None:
        by_id = dict(zip(media.ids, values, strict=True))
        samples = self._all_samples
        if self._patches_field is None:
            samples.set_values(self._prefix + self._field, by_id, key_field=f"{self._prefix}id")
            return
        path = label_field_path(samples, self._patches_field, self._field)
        samples.set_label_values(path, by_id, dynamic=True)

    def save_failures(self, embedded: Iterable[str], failures: dict[str, str]) -> None:
        """Saves new failures, and removes those of media that were embedded."""
        settled = set(embedded)
        kept = {
            media_id: reason
            for media_id, reason in self.failures.items()
            if media_id not in settled
        }
        changed = {**kept, **failures}
        if changed != self.failures:
            self.failures = changed
            self._save()

    def finish(self, media: Media, checked_at: datetime) -> None:
        """Saves when the files were checked, if these media are all that have a vector."""
        if self._embedded_ids(self._all_samples) <= set(media.ids):
            self._config.embedded_at = checked_at.isoformat()
            self._dataset.update_run_config(self._key, self._config)

    def _save(self) -> None:
        results = self._dataset.init_run_results(self._key, failures=self.failures)
        self._dataset.save_run_results(self._key, results, overwrite=True)


def known_failures(samples: foc.SampleCollection, embeddings_field: str) -> dict[str, str]:
    """Returns the failures of a field, or of label fields with this name, by id.

    Raises:
        ValueError: if ``compute_embeddings`` did not write the field
    """
    dataset = root_dataset(samples)
    records = [_load(dataset, key) for key in dataset.list_runs(method=METHOD)]
    records = [record for record in records if record._field == embeddings_field]
    if not records:
        raise ValueError(
            f"The field '{embeddings_field}' was not written by compute_embeddings(); call "
            f"compute_embeddings(dataset, model, embeddings_field='{embeddings_field}') first."
        )
    return {media_id: reason for record in records for media_id, reason in record.failures.items()}


def known_precision(
    samples: foc.SampleCollection,
    embeddings_field: str,
    patches_field: str | None,
    model: str | None = None,
) -> str | None:
    """Returns the precision of the vectors in a field.

    Args:
        samples: the samples
        embeddings_field: the field
        patches_field: the field of its labels, None if it is a field of samples
        model (None): the name of the model that the vectors must be of, by default any

    Returns:
        the precision; None if it was not recorded, or the vectors are of another model
    """
    dataset = root_dataset(samples)
    prefix = FRAMES_PREFIX if holds_frames(samples) else ""
    key = _key(prefix + embeddings_field, patches_field)
    if not dataset.has_run(key):
        return None
    record = _load(dataset, key)
    return record.precision if model in (None, record.model) else None


def _load(dataset: fo.Dataset, key: str) -> FieldRecord:
    results = dataset.load_run_results(key)
    failures = {} if results is None else dict(results.failures)
    return FieldRecord(dataset, dataset.get_run_info(key).config, failures)


def _key(embeddings_field: str, patches_field: str | None) -> str:
    """Returns the key of the run, which may not contain dots."""
    if patches_field is None and "." not in embeddings_field:
        return f"embeddings_{embeddings_field}"
    digest = hashlib.sha1(f"{patches_field}|{embeddings_field}".encode()).hexdigest()[:8]
    readable = f"{patches_field or ''}_{embeddings_field}".strip("_").replace(".", "_")
    return f"embeddings_{readable}_{digest}"
