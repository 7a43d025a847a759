"""Installs Chromium for the browser tests if you are root on Debian; otherwise says how."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def main() -> None:
    """Installs Chromium, if it is not on the ``PATH``."""
    if shutil.which("chromium"):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        sys.exit("The browser tests need Chromium. On Debian: apt-get install chromium")
    print("Installing Chromium for the browser tests")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "chromium"]):
        subprocess.run(["apt-get", *arguments], check=True, env=quiet, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
