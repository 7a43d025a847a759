"""Keeps FiftyOne inside one folder: its database, zoo, plugins and indexes.

The demo and the tests call :func:`use_folder` before anything imports FiftyOne, whose
configuration is read at import. For that reason this file imports nothing but the standard
library, and is run by path rather than imported from the package.
"""

import os
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def use_folder(folder: Path) -> None:
    """Points FiftyOne at ``folder``, links this checkout in as a plugin, and starts a database.

    Args:
        folder: where everything is kept; created when missing

    Raises:
        RuntimeError: if FiftyOne was imported already, since it has read its configuration; or if
            the database does not start
    """
    import sys

    if "fiftyone" in sys.modules:
        raise RuntimeError("use_folder() must be called before fiftyone is imported")

    folder = folder.resolve()
    home = Path.home()
    os.environ.update(
        {
            # FiftyOne writes small files under the home directory whatever its configuration
            # says, so the process gets a home of its own.
            "HOME": str(folder / "home"),
            "FIFTYONE_DEFAULT_DATASET_DIR": str(folder / "datasets"),
            "FIFTYONE_DATASET_ZOO_DIR": str(folder / "datasets"),
            "FIFTYONE_MODEL_ZOO_DIR": str(folder / "models"),
            "FIFTYONE_PLUGINS_DIR": str(folder / "plugins"),
            "FIFTYONE_BRAIN_SIMILARITY_FAISS_ROOT_DIR": str(folder / "indexes"),
            "FIFTYONE_DO_NOT_TRACK": "true",
            # Only silences a notice about the age of the bundled database server.
            "FIFTYONE_DATABASE_VALIDATION": "false",
        }
    )
    # Downloaded weights need not be fetched twice.
    os.environ.setdefault("HF_HOME", str(home / ".cache" / "huggingface"))
    os.environ.setdefault("TORCH_HOME", str(home / ".cache" / "torch"))

    for name in ("home", "datasets", "models", "plugins", "indexes"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _link_plugin(folder / "plugins" / "fiftyone-faiss")
    runpy.run_path(str(ROOT / "demo" / "mongod.py"))["start"](folder / "database")


def _link_plugin(link: Path) -> None:
    if link.is_symlink() and link.resolve() == ROOT:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT, target_is_directory=True)
