"""Compares each feature of the search with alternatives, by the relevance of the results.

    make bench-retrieval
    make bench-retrieval BENCH_ARGS='--pictures 400'

The dataset consists of the demo's drawn images with exact labels, from a seed that its model was
not trained on, and is indexed with that model. Features run through ``fiftyone_faiss.search``;
alternatives are computed with NumPy from the same vectors. Each section runs in its own process:

- text queries, an image with a text, two texts, negative terms, relevance feedback
- prompt templates, hubness correction, diversity, collapsed near-duplicates

The sections also try other values of the constants of ``fiftyone_faiss.brain``. The metrics are
precision@10, nDCG@10 and, for queries with few relevant images, R-precision. The script writes JSON
with every number and a page of tables (``--table-only`` writes only the page).
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

# Neither the training nor the evaluation of the model uses this seed.
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
    earlier = _reusable_sections(data, options)
    for section in options.sections or names:
        started = time.perf_counter()
        try:
            data["sections"][section] = run_step("measure", SCRIPT, section=section, **book)
        except StepError as error:
            # The other sections are still measured.
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


def _reusable_sections(data: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Returns the stored sections that still apply if only some sections are measured."""
    if not options.sections or not options.output.exists():
        return {}
    stored = json.loads(options.output.read_text())
    same = all(stored[key] == data[key] for key in ("commit", "seed", "versions", "book"))
    return stored["sections"] if same else {}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=3_000, help="number of images")
    parser.add_argument("--sections", nargs="*", help="sections to measure (default: all)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/retrieval.json")
    parser.add_argument("--table-only", action="store_true", help="write only the page of tables")
    return parser.parse_args()


if __name__ == "__main__":
    main()
