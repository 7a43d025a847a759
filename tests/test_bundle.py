"""The committed page is the one that its sources make."""

from __future__ import annotations

import hashlib
from pathlib import Path

PANELS = Path(__file__).resolve().parent.parent / "panels"


def test_the_bundle_was_made_from_these_sources() -> None:
    digest = hashlib.sha256()
    for path in sorted((PANELS / "view" / "src").iterdir()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    first_line = (PANELS / "dist" / "index.umd.js").read_text().splitlines()[0]
    assert first_line == f"// sources: {digest.hexdigest()}", "run 'make panel'"
