"""What is known of a field of embeddings: which model wrote it, when, and what failed.

It is kept as a FiftyOne run of the dataset, whose results are small however many vectors there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import fiftyone.core.collections as foc
import numpy as np
from fiftyone import ViewField as F
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.media import Media, Regions, media_prints
from fiftyone_faiss.brain.segments import Matrix
from fiftyone_faiss.embedders import Embedder

METHOD = "fiftyone_faiss_embeddings"


class FieldRecord:
    """The record of one field.

    Args:
        samples: the collection
        embeddings_field: the field; of the labels, for patches
        config: what FiftyOne keeps of it: the model's name and fingerprint, the regions, when it
            was begun
        failures: why some have no vector, by their id
    """

    def __init__(
        self,
        samples: foc.SampleCollection,
        embeddings_field: str,
        config: Any,
        failures: dict[str, str],
    ) -> None:
        self._dataset = samples._root_dataset
        self._field = embeddings_field
        self._key = _key(embeddings_field)
        self._config = config
        self.failures = failures

    @classmethod
    def open(
        cls,
        samples: foc.SampleCollection,
        embeddings_field: str,
        embedder: Embedder,
        regions: Regions,
        force: bool,
    ) -> FieldRecord:
        """The record of a field that is about to be written, made when there is none.

        Raises:
            ValueError: if another model wrote the field, or of other regions, unless all is forced
        """
        dataset = samples._root_dataset
        key = _key(embeddings_field)
        if dataset.has_run(key) and not force:
            record = cls.load(samples, embeddings_field)
            record._check(embedder, regions)
            return record
        if dataset.has_run(key):
            dataset.delete_run(key)
        config = dataset.init_run(
            method=METHOD,
            embeddings_field=embeddings_field,
            model=embedder.name,
            fingerprint=embedder.fingerprint,
            regions=asdict(regions),
            embedded_at=datetime.now(timezone.utc).isoformat(),
        )
        dataset.register_run(key, config)
        record = cls(samples, embeddings_field, config, {})
        record._save()
        return record

    @classmethod
    def load(cls, samples: foc.SampleCollection, embeddings_field: str) -> FieldRecord:
        """The record of a field.

        Raises:
            ValueError: if there is none
        """
        dataset, key = samples._root_dataset, _key(embeddings_field)
        if not dataset.has_run(key):
            raise ValueError(
                f"Nothing is known of the embeddings in '{embeddings_field}'; compute them with "
                f"compute_embeddings(dataset, model, embeddings_field='{embeddings_field}')."
            )
        results = dataset.load_run_results(key)
        failures = {} if results is None else dict(results.failures)
        return cls(samples, embeddings_field, dataset.get_run_info(key).config, failures)

    def _check(self, embedder: Embedder, regions: Regions) -> None:
        config = self._config
        if config.fingerprint != embedder.fingerprint:
            raise ValueError(
                f"The field '{self._field}' holds vectors of '{config.model}', whose weights are "
                f"not those of '{embedder.name}'; pass force=True to embed all again, or choose "
                "another embeddings_field."
            )
        if config.regions != asdict(regions):
            raise ValueError(
                f"The field '{self._field}' holds vectors of other parts of the images "
                f"({config.regions}); pass force=True to embed all again, or choose another "
                "embeddings_field."
            )

    def lacking(self, samples: foc.SampleCollection, media: Media, check_media: bool) -> Media:
        """What has no vector yet, or, if asked for, has changed on disk since it was embedded."""
        known = self._known(samples)
        wanted = np.array([one not in known for one in media.ids], bool)
        if check_media:
            since = datetime.fromisoformat(self._config.embedded_at).timestamp()
            wanted |= media_prints(media)["mtime"] > since * 1e9
        return media.keep(np.flatnonzero(wanted).tolist())

    def _known(self, samples: foc.SampleCollection) -> set[str]:
        """The ids of what has a vector."""
        field = self._config.regions["patches_field"]
        if field is None:
            if not samples.has_field(self._field):
                return set()
            id_field = "sample_id" if samples._is_patches else "id"
            return set(samples.exists(self._field).values(id_field))
        _, path = samples._get_label_field_path(field, self._field)
        _, id_path = samples._get_label_field_path(field, "id")
        if not samples.has_field(path):
            return set()
        held = samples.filter_labels(field, F(self._field).exists())
        ids = held.values(id_path, unwind=True)
        return {one for one in ids if one is not None}

    def write(self, media: Media, vectors: Matrix) -> None:
        """Writes vectors into the field."""
        fbu.add_embeddings(
            self._dataset,
            vectors,
            media.sample_ids,
            media.label_ids,
            self._field,
            patches_field=self._config.regions["patches_field"],
        )

    def note(self, embedded: Iterable[str], failures: dict[str, str]) -> None:
        """Remembers what failed, and forgets it of what was embedded."""
        left = self.failures.keys() - set(embedded)
        changed = {**{one: self.failures[one] for one in self.failures if one in left}, **failures}
        if changed != self.failures:
            self.failures = changed
            self._save()

    def finish(self, checked_at: datetime | None) -> None:
        """Remembers when all files were last looked at."""
        if checked_at is not None:
            self._config.embedded_at = checked_at.isoformat()
            self._dataset.update_run_config(self._key, self._config)

    def _save(self) -> None:
        results = self._dataset.init_run_results(self._key, failures=self.failures)
        self._dataset.save_run_results(self._key, results, overwrite=True)


def _key(embeddings_field: str) -> str:
    return f"embeddings_{embeddings_field.replace('.', '_')}"
