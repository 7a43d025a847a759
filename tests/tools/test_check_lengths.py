"""The length check knows the limit of each kind of file."""

from __future__ import annotations

import pytest
from check_lengths import limit_of, too_long


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("brain/store/store.py", 320),
        ("setup.py", 320),
        ("tools/environment.py", 320),
        ("tests/brain/test_search.py", 450),
        ("tests/conftest.py", 450),
        ("panels/view/src/components/Chips.tsx", 200),
        ("panels/view/src/state/store.ts", None),
        ("README.md", None),
    ],
)
def test_the_limit_of_a_file(path: str, limit: int | None) -> None:
    assert limit_of(path) == limit


def test_a_file_at_the_limit_passes_and_a_longer_file_does_not() -> None:
    assert too_long("brain/a.py", "\n" * 320) is None
    message = "brain/a.py: 321 lines; at most 320 are allowed, so split it"
    assert too_long("brain/a.py", "\n" * 321) == message
