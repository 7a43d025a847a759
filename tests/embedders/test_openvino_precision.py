"""The names of the precisions of OpenVINO, and which may continue vectors that exist."""

from __future__ import annotations

import pytest

from fiftyone_faiss.embedders.openvino_precision import (
    INT8,
    OPENVINO_PRECISIONS,
    continued_precision,
    int8_digest,
    int8_precision,
    is_openvino,
)

CALIBRATED = int8_precision("0123456789ab")


def test_the_names_are_those_that_indexes_store() -> None:
    assert OPENVINO_PRECISIONS == ("openvino-float32", "openvino-bfloat16", "openvino-int8")
    assert CALIBRATED == "openvino-int8-0123456789ab"
    assert [int8_digest(name) for name in (CALIBRATED, INT8)] == ["0123456789ab", None]
    assert all(map(is_openvino, (*OPENVINO_PRECISIONS, CALIBRATED)))
    assert not any(map(is_openvino, ("auto", "float32", "bfloat16", "int8", "openvino-int4")))
    # Part of a path, so nothing else is read from a manifest.
    for digest in ("", "..", "../../0123456789", "0123456789AB", "0123456789ab\n", "0123456789abc"):
        assert int8_digest(f"{INT8}-{digest}") is None and not is_openvino(f"{INT8}-{digest}")


@pytest.mark.parametrize(
    ("requested", "known", "precision"),
    [
        ("auto", None, "auto"),
        (INT8, None, INT8),
        ("auto", "bfloat16", "bfloat16"),
        ("bfloat16", "bfloat16", "bfloat16"),
        ("auto", CALIBRATED, CALIBRATED),
        (INT8, CALIBRATED, CALIBRATED),
        (CALIBRATED, CALIBRATED, CALIBRATED),
    ],
)
def test_vectors_are_continued_in_their_precision(requested, known, precision) -> None:
    assert continued_precision(requested, known, "index 'clip'") == precision


@pytest.mark.parametrize(
    ("requested", "known"),
    [
        ("float32", "bfloat16"),
        ("bfloat16", "openvino-bfloat16"),
        (INT8, "openvino-float32"),
        ("openvino-bfloat16", CALIBRATED),
        (int8_precision("ba9876543210"), CALIBRATED),
    ],
)
def test_two_precisions_are_not_mixed(requested, known) -> None:
    with pytest.raises(ValueError) as caught:
        continued_precision(requested, known, "index 'clip'")
    assert str(caught.value) == (
        f"The index 'clip' holds vectors computed in {known}, which are not mixed with "
        f"{requested}; leave precision out to continue it, or choose another name."
    )
