"""Compares the time of ``index_health`` with that of reading all ids of a dataset.

    python benchmarks/bench_health.py --sizes 100000 1000000

The dataset has no image files, and the index holds random vectors of few dimensions. Some samples
are missing from the index, and it holds some deleted ones. Each step runs in its own process. The
script writes JSON with every number; ``ratio`` is the median time of ``index_health`` as a multiple
of the time of ``dataset.values("id")``. It needs about 2 GB of memory for a million samples.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from report import circumstances, save_json
from workspace import ROOT, open_workspace, run_step

SCRIPT = "health_steps.py"
# The numbers of samples without a vector, and of vectors without a sample.
DIFFERENT = 1_000


def main() -> None:
    options = _options()
    folder = open_workspace()
    data = {**circumstances(options.seed), "dim": options.dim, "sizes": {}}
    for size in options.sizes:
        name, ids_file = f"health-{size}", folder / "ids.npy"
        run_step(
            "make_dataset", SCRIPT, name=name, n=size, ids_file=ids_file, seed=options.seed,
            u_file=folder / "u.npy",
        )  # fmt: skip
        run_step(
            "build", SCRIPT, name=name, ids_file=ids_file, dim=options.dim, seed=options.seed,
            deleted=DIFFERENT,
        )  # fmt: skip
        measured = run_step("health", SCRIPT, name=name, repeats=options.repeats)
        run_step("delete_dataset", SCRIPT, name=name)
        data["sizes"][str(size)] = measured
        save_json(options.output, data)
        print(
            f"{size:,}: ids {measured['ids_s']:.2f} s, health {measured['health_s']:.2f} s "
            f"({measured['ratio']:.2f}x)",
            flush=True,
        )
    print(f"Wrote {options.output}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--dim", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/health.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
