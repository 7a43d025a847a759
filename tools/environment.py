"""Keeps FiftyOne inside one folder: its database, zoo, plugins and indexes.

The demo, the tests and the benchmarks call :func:`use_folder` before anything imports FiftyOne,
which reads its configuration when it is imported. This module therefore imports only the standard
library and :mod:`mongod`, and the scripts import it from the folder ``tools`` rather than from the
package, whose import loads FiftyOne.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import mongod

ROOT = Path(__file__).resolve().parent.parent


def use_folder(folder: Path) -> None:
    """Points FiftyOne at a folder, links this checkout into it as a plugin, and starts a database.

    Args:
        folder: the folder for all of FiftyOne's files; created if it does not exist

    Raises:
        RuntimeError: if FiftyOne was imported already, because it has read its configuration; or
            if the database does not start
    """
    if "fiftyone" in sys.modules:
        raise RuntimeError("use_folder() must be called before fiftyone is imported")

    folder = folder.resolve()
    home = Path.home()
    os.environ.update(
        {
            # FiftyOne writes small files to the home directory, whatever its configuration says.
            "HOME": str(folder / "home"),
            "FIFTYONE_DEFAULT_DATASET_DIR": str(folder / "datasets"),
            "FIFTYONE_DATASET_ZOO_DIR": str(folder / "datasets"),
            "FIFTYONE_MODEL_ZOO_DIR": str(folder / "models"),
            "FIFTYONE_PLUGINS_DIR": str(folder / "plugins"),
            "FIFTYONE_BRAIN_SIMILARITY_FAISS_ROOT_DIR": str(folder / "indexes"),
            "FIFTYONE_DO_NOT_TRACK": "true",
            # Hides a notice about the age of the bundled database server.
            "FIFTYONE_DATABASE_VALIDATION": "false",
        }
    )
    # Weights that you downloaded before are used again.
    os.environ.setdefault("HF_HOME", str(home / ".cache" / "huggingface"))
    os.environ.setdefault("TORCH_HOME", str(home / ".cache" / "torch"))

    for name in ("home", "datasets", "models", "plugins", "indexes"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _link_plugin(folder / "plugins" / "fiftyone-faiss")
    mongod.start(folder / "database")


def _link_plugin(link: Path) -> None:
    if link.is_symlink() and link.resolve() == ROOT:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT, target_is_directory=True)
