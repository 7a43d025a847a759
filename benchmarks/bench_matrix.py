"""Measures the distance matrix of a selection beside SciPy and NumPy.

    make bench-matrix
    python benchmarks/bench_matrix.py --size 100000

An index of ``--size`` vectors of 512 dimensions is built on disk. The service reads the vectors of
random samples, computes distances, angles, percentiles, the order and the groups; the first call
draws the random pairs of the index, too. Beside it, in the same process, SciPy's ``pdist`` and
``linkage(optimal_ordering=True)`` of the same vectors in memory.

It writes ``benchmarks/results/matrix.json`` and ``matrix.md``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from report import at_most, circumstances, header, number, save_json, table, targets_lines
from workspace import ROOT, open_workspace, run_step

PACKAGES = ("fiftyone", "numpy", "scipy")
LIMIT_MS = 300


def main() -> None:
    options = _options()
    open_workspace()
    data: dict[str, Any] = circumstances(options.seed, PACKAGES)
    data |= {"size": options.size, "dim": options.dim}
    data |= run_step(
        "measure", "matrix_steps.py", size=options.size, dim=options.dim, seed=options.seed,
        counts=options.counts,
    )  # fmt: skip
    (of_200,) = [row for row in data["rows"] if row["count"] == 200]
    data["targets"] = [
        at_most("ms for 200 x 200, median", of_200["median_ms"], LIMIT_MS),
        at_most("ms for 200 x 200, first call", of_200["first_ms"], LIMIT_MS),
        at_most(
            "largest difference to NumPy", max(row["difference"] for row in data["rows"]), 1e-6
        ),
    ]
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def page_of(data: dict[str, Any]) -> list[str]:
    """The page of tables."""
    rows = [
        (
            str(row["count"]),
            number(row["first_ms"], 0),
            number(row["median_ms"], 0),
            number(row["scipy_ms"], 0),
            f"{row['difference']:.1e}",
        )
        for row in data["rows"]
    ]
    head = ("samples", "first call, ms", "median, ms", "SciPy's distances and order, ms",
            "largest difference to NumPy")  # fmt: skip
    title = f"Distance matrices from {data['size']:,} x {data['dim']} vectors"
    return [*header(title, data), *targets_lines(data["targets"]), *table(head, rows), ""]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--counts", type=int, nargs="+", default=[50, 200, 500])
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/matrix.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
