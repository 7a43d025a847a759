"""Measures the time from Enter to results in the panel and in the grid of the App.

    make bench-app

A query that is fast on the server can still be slow in the browser. The script types queries in
Chromium into this project's panel and into FiftyOne's own Similarity Search panel, which search the
same index, on the demo's 1,000 images and on 100,000 samples (the same files, each with its own
vector close to the vector of its image). It measures

- the time to results in the panel: from Enter until 25 results are shown and all visible images are
  loaded; FiftyOne's panel shows its results only in the grid
- the time to the grid: from Enter, or from the click on Execute, until the grid shows 25 samples
- the time of a search with feedback (3 liked, 3 disliked) from Python, without a browser

It writes ``benchmarks/results/app.json`` and ``app.md``; BENCH_ARGS='--queries 5 --sizes 1000'
makes a short run. It requires Debian's ``chromium`` and an otherwise idle machine.
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

from report import (
    at_least,
    at_most,
    circumstances,
    header,
    number,
    save_json,
    seconds,
    summary,
    table,
    targets_lines,
    times,
)
from workspace import ROOT, open_workspace

sys.path.insert(0, str(ROOT / "tests"))
RESULTS = ROOT / "benchmarks" / "results"
SEED = 51
IMAGES = 1_000
WARM_UP = 2
KEY = "clip"
REST_MS, KEY_MS = 1_500, 60

# After an event, checks in every frame whether the results and the grid are shown.
WATCH = """
(event) => {
  window.waits = new Promise((resolve) => {
    const begin = (e) => {
      if (event === "keydown" && e.key !== "Enter") return;
      document.removeEventListener(event, begin, true);
      const start = performance.now();
      const waits = {};
      const look = () => {
        const tiles = [...document.querySelectorAll('[data-cy="faiss-result"] img')];
        // Images below the visible part load on scrolling.
        const visible = tiles.filter((tile) => tile.getBoundingClientRect().top < innerHeight);
        const loaded = visible.every((tile) => tile.complete && tile.naturalWidth);
        const now = performance.now() - start;
        if (!waits.panel && tiles.length === 25 && loaded) waits.panel = now;
        const counts = document.querySelector('[data-cy="entry-counts"]')?.textContent || "";
        const grid = document.querySelectorAll('[data-cy="looker"]').length;
        if (!waits.grid && /^25 samples/.test(counts) && grid) waits.grid = now;
        if (waits.grid && (waits.panel || event === "click")) resolve(waits);
        // FiftyOne's panel does not always show its results.
        else if (now > 30000) resolve(waits);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    };
    document.addEventListener(event, begin, true);
  });
}
"""


def measure(folder: Path, sizes: list[int], count: int) -> dict[str, Any]:
    """Measures both panels on each dataset."""
    # FiftyOne reads the settings of the workspace when it is imported.
    import fiftyone as fo
    from playwright.sync_api import sync_playwright
    from support.browser import launch

    from fiftyone_faiss.demo.phrases import queries

    texts = [query.text for query in queries()][:: max(1, 272 // (count + WARM_UP))]
    texts = texts[: count + WARM_UP]
    measured: dict[str, Any] = {}
    datasets = {size: make_dataset(folder, size) for size in sizes}
    feedback = {size: time_feedback(dataset) for size, dataset in datasets.items()}
    session = fo.launch_app(datasets[sizes[0]], remote=True, port=free_port())
    time.sleep(15)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for size, dataset in datasets.items():
            print(f"{size:,} samples")
            rounds = {
                "ours": lambda d=dataset: time_ours(browser, session, d, texts),
                "fiftyone": lambda d=dataset: time_fiftyones(browser, session, d, texts),
            }
            measured[str(size)] = {name: summarize(step()) for name, step in rounds.items()}
            measured[str(size)]["feedback_ms"] = feedback[size]
            print(json.dumps(measured[str(size)])[:300])
        browser.close()
    session.close()
    return measured


def free_port() -> int:
    """A free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def summarize(waits: list[dict[str, float]]) -> dict[str, Any]:
    """Summarizes the waits in ms, without the warm-up queries and the waits of over 30 s."""
    return {
        name: summary([wait[name] for wait in waits[WARM_UP:] if name in wait])
        for name in ("panel", "grid")
    }


def make_dataset(folder: Path, size: int) -> Any:
    """Creates a dataset of this size with an index of the demo's model."""
    import fiftyone as fo
    import numpy as np

    import fiftyone_faiss
    from fiftyone_faiss.brain import register_zoo_model
    from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
    from fiftyone_faiss.demo.dataset import create_dataset
    from fiftyone_faiss.embedders.open_clip import OpenClipSpec

    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    book = create_dataset("book", folder / "pictures", IMAGES)
    if not book.has_brain_run(KEY):
        fiftyone_faiss.build_index(book, KEY, model=MODEL_NAME, progress=False)
    if size == IMAGES:
        return book
    paths = book.values("filepath")
    vectors = book.load_brain_results(KEY).get_embeddings()[0]
    large = fo.Dataset(f"large-{size}", persistent=True)
    large.add_samples([fo.Sample(paths[i % IMAGES]) for i in range(size)], progress=False)
    rng = np.random.default_rng(SEED)
    noise = rng.normal(scale=0.3 / np.sqrt(vectors.shape[1]), size=(size, vectors.shape[1]))
    nearby = (vectors[np.arange(size) % IMAGES] + noise).astype(np.float32)
    fiftyone_faiss.build_index(large, KEY, model=MODEL_NAME, embeddings=nearby, progress=False)
    return large


def time_feedback(dataset: Any, rounds: int = 30) -> dict[str, Any]:
    """Times searches with feedback in Python."""
    import fiftyone_faiss

    ids = fiftyone_faiss.search(dataset, "a red car", k=25).ids
    times_ms = []
    for i in range(rounds):
        liked, disliked = ids[i % 10 : i % 10 + 3], ids[15:18]
        started = time.perf_counter()
        fiftyone_faiss.search(dataset, "a red car", liked=liked, disliked=disliked)
        times_ms.append(1000 * (time.perf_counter() - started))
    return summary(times_ms[WARM_UP:])


def open_panel(browser: Any, session: Any, dataset: Any, panel: str) -> Any:
    """Opens the App in a new page, with the grid on the left and a panel on the right."""
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
    """Types queries into this project's panel and presses Enter."""
    from playwright.sync_api import expect
    from support.browser import cy

    page = open_panel(browser, session, dataset, "similarity_search_faiss")
    expect(cy(page, "faiss-status")).to_contain_text("Ready")
    waits = []
    for text in texts:
        # Keys arrive one after the other, as from a person, in an idle App.
        page.wait_for_timeout(REST_MS)
        cy(page, "faiss-query").press_sequentially(text, delay=KEY_MS)
        page.evaluate(WATCH, "keydown")
        cy(page, "faiss-query").press("Enter")
        waits.append(page.evaluate("window.waits"))
        cy(page, "faiss-clear").click()
        expect(cy(page, "faiss-result")).to_have_count(0)
        expect(cy(page, "entry-counts")).to_contain_text(f"{len(dataset):,} samples")
    page.context.close()
    return waits


def time_fiftyones(
    browser: Any, session: Any, dataset: Any, texts: list[str]
) -> list[dict[str, float]]:
    """Types queries into FiftyOne's own panel and clicks on Execute."""
    from playwright.sync_api import expect
    from support.browser import cy

    waits = []
    for text in texts:
        # A new page per query: the panel lists earlier searches, and the grid may show one of them.
        page = open_panel(browser, session, dataset, "similarity_search_panel")
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
        waits.append(page.evaluate("window.waits"))
        page.context.close()
    return waits


def targets_of(waits: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the targets and whether they are met."""

    def p50(size: int, *path: str) -> float | None:
        value: Any = waits.get(str(size), {})
        for name in (*path, "p50_ms"):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    panel = "Enter to results in the panel, p50 ms"
    targets = [
        at_most(f"{panel}, 1,000 images", p50(1_000, "ours", "panel"), 500),
        at_most(f"{panel}, 100,000 samples", p50(100_000, "ours", "panel"), 1_000),
        at_most("search with feedback, 100,000 samples, p50 ms", p50(100_000, "feedback_ms"), 100),
    ]
    for size in (1_000, 100_000):
        pair = p50(size, "fiftyone", "grid"), p50(size, "ours", "grid")
        ratio = pair[0] / pair[1] if pair[0] and pair[1] else None
        targets.append(at_least(f"FiftyOne's panel / this panel, to the grid, {size:,}", ratio, 1))
    return targets


def page_of(data: dict[str, Any]) -> str:
    """Returns the results as Markdown."""
    rows, feedback = [], []
    for size, panels in data["waits"].items():
        label = f"{int(size):,}"
        medians = {}
        for name, title in (("ours", "this panel"), ("fiftyone", "FiftyOne's panel")):
            parts = [panels[name][part] for part in ("panel", "grid")]
            medians[name] = parts[1]["p50_ms"]
            cells = [_shown(part[key]) for part in parts for key in ("p50_ms", "p95_ms")]
            rows.append((label, title, *cells, str(parts[1]["count"])))
        rows.append((label, "ratio", "", "", times(medians["fiftyone"] / medians["ours"]), "", ""))
        took = panels["feedback_ms"]
        feedback.append((label, number(took["p50_ms"], 1), number(took["p95_ms"], 1)))
    head = ("samples", "", "panel p50", "p95", "grid p50", "p95", "searches")
    lines = [
        *header("Response times in the App", data),
        *targets_lines(data["targets"]),
        "## Time from Enter, or from the click on Execute",
        "",
        *table(head, rows),
        "## Search with feedback from Python, in ms",
        "",
        *table(("samples", "p50", "p95"), feedback),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _shown(milliseconds: float | None) -> str:
    return seconds(None if milliseconds is None else milliseconds / 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", default="1000,100000", help="numbers of samples")
    parser.add_argument("--queries", type=int, default=12, help="queries per panel and size")
    options = parser.parse_args()
    data = circumstances(SEED, ("fiftyone", "faiss-cpu", "playwright"))
    folder = open_workspace()
    sizes = [int(size) for size in options.sizes.split(",")]
    data["waits"] = measure(folder, sizes, options.queries)
    data["targets"] = targets_of(data["waits"])
    save_json(RESULTS / "app.json", data)
    (RESULTS / "app.md").write_text(page_of(data))
    print(page_of(data))


if __name__ == "__main__":
    main()
