"""Checks that files are short enough to read.

    python tools/check_lengths.py

prints the files of the repository that have too many lines. The status is 1 if there is one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from check_vocabulary import ROOT, repository_files

# The first pattern that fits a path applies.
LIMITS = (
    ("tests/**/*.py", 450),
    ("panels/view/**/*.tsx", 200),
    ("panels/view/**/*.jsx", 200),
    ("*.py", 320),
)


def limit_of(path: str) -> int | None:
    """Returns the largest number of lines that a file may have, or None for any number."""
    for pattern, limit in LIMITS:
        folder, _, name = pattern.rpartition("**/")
        if path.startswith(folder) and Path(path).match(name):
            return limit
    return None


def too_long(path: str, source: str) -> str | None:
    """Returns what is wrong with the length of a file, or None."""
    limit, length = limit_of(path), source.count("\n")
    if limit is None or length <= limit:
        return None
    return f"{path}: {length} lines; at most {limit} are allowed, so split it"


def main() -> None:
    """Prints the files that are too long."""
    messages = []
    for path in repository_files():
        name = path.relative_to(ROOT).as_posix()
        if limit_of(name) is not None and (message := too_long(name, path.read_text())):
            messages.append(message)
    print(*messages, sep="\n", end="\n" if messages else "")
    sys.exit(1 if messages else 0)


if __name__ == "__main__":
    main()
