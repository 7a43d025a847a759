"""Measures what each feature of the search is worth, against its absence or its alternatives.

    make bench-retrieval
    make bench-retrieval BENCH_ARGS='--pictures 400'

The world is the demo's picture book, drawn from a seed that its model never saw, with exact labels,
indexed with that model. What is measured goes through ``fiftyone_faiss.search``; the alternatives
are computed with NumPy from the same vectors. Each section runs in a process of its own:

- words alone; an image with words and words with words; terms to avoid; feedback
- templates, hubness, variety, folding of near-copies
- whether what is said about results holds: bands, verdicts, the cut-off

and with them, where one was chosen, other values of the constants of ``fiftyone_faiss.brain``.
Scores are precision@10 and nDCG@10; where few pictures are right, R-precision.
Writes JSON with every number, and a page of tables next to it (``--table-only`` does just that).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from report import circumstances, save_json
from retrieval_table import write_page
from workspace import CACHE, ROOT, StepError, open_workspace, run_step

# Neither the training's nor the evaluation's.
SEED = 20_000_051
PACKAGES = ("fiftyone", "faiss-cpu", "torch", "open_clip_torch", "pillow", "numpy")
SCRIPT = "retrieval_steps.py"
NAME = "retrieval"


def main() -> None:
    options = _options()
    page = options.output.with_suffix(".md")
    if options.table_only:
        write_page(json.loads(options.output.read_text()), page)
        return
    data = {**circumstances(options.seed, PACKAGES), "book": {}, "sections": {}}
    open_workspace()
    folder = CACHE / f"book-{options.seed}-{options.pictures}"
    book = {"name": NAME, "folder": folder, "seed": options.seed}
    data["book"] = run_step("make_book", SCRIPT, n=options.pictures, **book)
    print(data["book"]["report"], flush=True)
    names = run_step("section_names", SCRIPT)["names"]
    earlier = _earlier(data, options)
    for section in options.sections or names:
        started = time.perf_counter()
        try:
            data["sections"][section] = run_step("measure", SCRIPT, section=section, **book)
        except StepError as error:
            # The others are measured all the same.
            data["sections"][section] = {"error": str(error)}
            print(f"{section} failed: {error}", flush=True)
        seconds = time.perf_counter() - started
        data["sections"][section]["seconds"] = round(seconds, 1)
        known = {**earlier, **data["sections"]}
        data["sections"] = {name: known[name] for name in names if name in known}
        print(f"{section}: {seconds:.0f} s", flush=True)
        save_json(options.output, data)
        write_page(data, page)
    print(f"Wrote {options.output} and {page.name}")


def _earlier(data: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """If only some sections are measured: the others, if they are of the same book and commit."""
    if not options.sections or not options.output.exists():
        return {}
    found = json.loads(options.output.read_text())
    same = all(found[key] == data[key] for key in ("commit", "seed", "versions"))
    return found["sections"] if same and found["book"] == data["book"] else {}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=3_000)
    parser.add_argument("--sections", nargs="*", help="which to measure anew; all by default")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/retrieval.json")
    parser.add_argument("--table-only", action="store_true", help="only write the page of tables")
    return parser.parse_args()


if __name__ == "__main__":
    main()
