"""How long a person waits: from Enter to results in the panel, and to the App's grid showing them.

What: in a real Chromium, on the 1,000 pictures of the demo and on 100,000 samples (the same files,
each with a vector of its own beside its picture's), typed queries in this project's panel and in
FiftyOne's own Similarity Search panel on the very same index; each time

- to results in the panel: from the press of Enter until 25 results are there and all pictures in
  sight are loaded; FiftyOne's panel has none, it shows them in the grid
- to the grid: from Enter, or from the click on Execute, until the App's grid shows 25 samples

and, at 100,000 without a browser, a search with feedback (3 liked, 3 not).

Why: what is fast on the server may still be slow for the person who asked.

    make bench-app

writes ``benchmarks/results/app.json`` and ``app.md``; BENCH_ARGS='--queries 5 --sizes 1000' is
quick. It needs Debian's ``chromium``, and nothing else to be at work on the machine.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any

from report import at_least, at_most, circumstances, header, save_json, summary, table

from report import number, seconds, targets_lines, times  # isort: skip
from workspace import ROOT, open_workspace

sys.path.insert(0, str(ROOT / "tests"))
RESULTS = ROOT / "benchmarks" / "results"
SEED = 51
PICTURES = 1_000
WARM_UP = 2
KEY = "clip"
REST_MS, KEY_MS = 1_500, 60

# From an event on, looks at every frame whether the results and the grid are there.
WATCH = """
(event) => {
  window.waited = new Promise((resolve) => {
    const begin = (e) => {
      if (event === "keydown" && e.key !== "Enter") return;
      document.removeEventListener(event, begin, true);
      const start = performance.now();
      const found = {};
      const look = () => {
        const tiles = [...document.querySelectorAll('[data-cy="faiss-result"] img')];
        // Those further down are loaded when they are scrolled to.
        const seen = tiles.filter((one) => one.getBoundingClientRect().top < innerHeight);
        const drawn = tiles.length === 25 && seen.every((one) => one.complete && one.naturalWidth);
        const now = performance.now() - start;
        if (!found.panel && drawn) found.panel = now;
        const counts = document.querySelector('[data-cy="entry-counts"]')?.textContent || "";
        const grid = document.querySelectorAll('[data-cy="looker"]').length;
        if (!found.grid && /^25 samples/.test(counts) && grid) found.grid = now;
        if (found.grid && (found.panel || event === "click")) resolve(found);
        // FiftyOne's panel does not always show what it found.
        else if (now > 30000) resolve(found);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    };
    document.addEventListener(event, begin, true);
  });
}
"""


def measure(folder: Path, sizes: list[int], count: int) -> dict[str, Any]:
    """Everything, dataset by dataset."""
    # FiftyOne reads the workspace's settings when it is imported.
    import fiftyone as fo
    from playwright.sync_api import sync_playwright
    from support.browser import launch

    from fiftyone_faiss.demo.phrases import queries

    texts = [one.text for one in queries()][:: max(1, 272 // (count + WARM_UP))]
    texts = texts[: count + WARM_UP]
    found: dict[str, Any] = {}
    datasets = {size: make_dataset(folder, size) for size in sizes}
    feedback = {size: time_feedback(one) for size, one in datasets.items()}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    session = fo.launch_app(datasets[sizes[0]], remote=True, port=port)
    time.sleep(15)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for size, dataset in datasets.items():
            print(f"{size:,} samples")
            rounds = {
                "ours": lambda d=dataset: time_ours(browser, session, d, texts),
                "fiftyone": lambda d=dataset: time_fiftyones(browser, session, d, texts),
            }
            found[str(size)] = {name: waits(step()) for name, step in rounds.items()}
            found[str(size)]["feedback_ms"] = feedback[size]
            print(json.dumps(found[str(size)])[:300])
        browser.close()
    session.close()
    return found


def waits(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Medians, the first few left out, and what did not come in 30 seconds."""
    return {
        name: summary([one[name] for one in rows[WARM_UP:] if name in one])
        for name in ("panel", "grid")
    }


def make_dataset(folder: Path, size: int) -> Any:
    """A dataset of this size with an index of the demo's model."""
    import fiftyone as fo
    import numpy as np

    import fiftyone_faiss
    from fiftyone_faiss.brain import register_zoo_model
    from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
    from fiftyone_faiss.demo.dataset import create_dataset
    from fiftyone_faiss.embedders.open_clip import OpenClipSpec

    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    book = create_dataset("book", folder / "pictures", PICTURES)
    if not book.has_brain_run(KEY):
        fiftyone_faiss.build_index(book, KEY, model=MODEL_NAME, progress=False)
    if size == PICTURES:
        return book
    paths = book.values("filepath")
    vectors = book.load_brain_results(KEY).get_embeddings()[0]
    large = fo.Dataset(f"large-{size}", persistent=True)
    large.add_samples([fo.Sample(paths[i % PICTURES]) for i in range(size)], progress=False)
    rng = np.random.default_rng(SEED)
    noise = rng.normal(scale=0.3 / np.sqrt(vectors.shape[1]), size=(size, vectors.shape[1]))
    beside = (vectors[np.arange(size) % PICTURES] + noise).astype(np.float32)
    fiftyone_faiss.build_index(large, KEY, model=MODEL_NAME, embeddings=beside, progress=False)
    return large


def time_feedback(dataset: Any, rounds: int = 30) -> dict[str, Any]:
    """A search with feedback through the public function."""
    import fiftyone_faiss

    ids = fiftyone_faiss.search(dataset, "a red car", k=25).ids
    taken = []
    for i in range(rounds):
        liked, disliked = ids[i % 10 : i % 10 + 3], ids[15:18]
        started = time.perf_counter()
        fiftyone_faiss.search(dataset, "a red car", liked=liked, disliked=disliked)
        taken.append(1000 * (time.perf_counter() - started))
    return summary(taken[WARM_UP:])


def opened(browser: Any, session: Any, dataset: Any, panel: str) -> Any:
    """The App in a new page, with the grid on the left and a panel on the right."""
    import fiftyone as fo
    from support.browser import open_page

    samples, other = fo.Panel(type="Samples", pinned=True), fo.Panel(type=panel)
    session.dataset = dataset
    session.view = None
    session.spaces = fo.Space(
        children=[
            fo.Space(children=[samples], active_child=samples.component_id),
            fo.Space(children=[other], active_child=other.component_id),
        ],
        orientation="horizontal",
    )
    return open_page(browser, session.url, 1800, 1300)


def time_ours(browser: Any, session: Any, dataset: Any, texts: list[str]) -> list[dict[str, float]]:
    """Types each query into the panel and presses Enter."""
    from playwright.sync_api import expect
    from support.browser import cy

    page = opened(browser, session, dataset, "similarity_search_faiss")
    expect(cy(page, "faiss-status")).to_contain_text("Ready")
    found = []
    for text in texts:
        # As a person does: one key after the other, in an App that is at rest.
        page.wait_for_timeout(REST_MS)
        cy(page, "faiss-query").press_sequentially(text, delay=KEY_MS)
        page.evaluate(WATCH, "keydown")
        cy(page, "faiss-query").press("Enter")
        found.append(page.evaluate("window.waited"))
        cy(page, "faiss-clear").click()
        expect(cy(page, "faiss-result")).to_have_count(0)
        expect(cy(page, "entry-counts")).to_contain_text(f"{len(dataset):,} samples")
    page.context.close()
    return found


def time_fiftyones(
    browser: Any, session: Any, dataset: Any, texts: list[str]
) -> list[dict[str, float]]:
    """Types each query into FiftyOne's own panel and clicks on Execute."""
    from playwright.sync_api import expect
    from support.browser import cy

    found = []
    for text in texts:
        # A search opened anew: the panel lists older ones, and the grid may show one of them.
        page = opened(browser, session, dataset, "similarity_search_panel")
        expect(cy(page, "entry-counts")).to_contain_text(re.compile(f"{len(dataset):,} samples"))
        for run in dataset.list_runs():
            dataset.delete_run(run)
        page.get_by_role("button", name="New Search").click()
        page.get_by_placeholder("Enter a text prompt...").fill(text)
        page.get_by_role("button", name="Search", exact=True).click()
        execute = page.get_by_role("menuitem", name="Execute")
        expect(execute).to_be_visible()
        page.wait_for_timeout(REST_MS)
        page.evaluate(WATCH, "click")
        execute.click()
        found.append(page.evaluate("window.waited"))
        page.context.close()
    return found


def targets_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    """What was aimed at."""

    def p50(size: int, *path: str) -> float | None:
        value: Any = found.get(str(size), {})
        for name in (*path, "p50_ms"):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    panel = "Enter to results in the panel, p50 ms"
    targets = [
        at_most(f"{panel}, 1,000 pictures", p50(1_000, "ours", "panel"), 500),
        at_most(f"{panel}, 100,000 samples", p50(100_000, "ours", "panel"), 1_000),
        at_most("with feedback, 100,000 samples, p50 ms", p50(100_000, "feedback_ms"), 100),
    ]
    for size in (1_000, 100_000):
        pair = p50(size, "fiftyone", "grid"), p50(size, "ours", "grid")
        ratio = pair[0] / pair[1] if pair[0] and pair[1] else None
        targets.append(at_least(f"FiftyOne's panel / ours, to the grid, {size:,}", ratio, 1))
    return targets


def page_of(data: dict[str, Any]) -> str:
    """The results as Markdown."""
    rows, feedback = [], []
    for size, found in data["waits"].items():
        label = f"{int(size):,}"
        medians = {}
        for name, title in (("ours", "this panel"), ("fiftyone", "FiftyOne's panel")):
            parts = [found[name][part] for part in ("panel", "grid")]
            medians[name] = parts[1]["p50_ms"]
            cells = [_shown(one[key]) for one in parts for key in ("p50_ms", "p95_ms")]
            rows.append((label, title, *cells, str(parts[1]["count"])))
        rows.append((label, "ratio", "", "", times(medians["fiftyone"] / medians["ours"]), "", ""))
        took = found["feedback_ms"]
        feedback.append((label, number(took["p50_ms"], 1), number(took["p95_ms"], 1)))
    head = ("samples", "", "panel p50", "p95", "grid p50", "p95", "searches")
    lines = [
        *header("Waiting in the App", data),
        *targets_lines(data["targets"]),
        "## From Enter, or from the click on Execute",
        "",
        *table(head, rows),
        "## Searching with feedback, from Python, in ms",
        "",
        *table(("samples", "p50", "p95"), feedback),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _shown(milliseconds: float | None) -> str:
    return seconds(None if milliseconds is None else milliseconds / 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", default="1000,100000", help="how many samples")
    parser.add_argument("--queries", type=int, default=12, help="queries a panel and size")
    options = parser.parse_args()
    data = circumstances(SEED, ("fiftyone", "faiss-cpu", "playwright"))
    folder = open_workspace()
    sizes = [int(one) for one in options.sizes.split(",")]
    data["waits"] = measure(folder, sizes, options.queries)
    data["targets"] = targets_of(data["waits"])
    save_json(RESULTS / "app.json", data)
    (RESULTS / "app.md").write_text(page_of(data))
    print(page_of(data))


if __name__ == "__main__":
    main()
