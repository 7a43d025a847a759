"""Measures the panel "FAISS Map" in Chromium, with WebGL drawn in software by the CPU.

    make bench-map-panel

A dataset of given vectors has a map by principal components in two and in three dimensions. In a
page of 1600 x 900 pixels, the script measures

- the time from the choice of a map until its points are drawn, and from that of a field until they
  have its colors
- the frames per second while the mouse moves the map, or turns it in three dimensions, and which
  share of the points the page draws meanwhile
- the share of a frame that WebGL takes: each frame is drawn and then waited for, by reading a pixel
- the same for a bare page, which draws as many points of the same size with the simplest shaders:
  what the software can do
- the time from the end of a lasso around a third of the points until the grid shows them

It writes ``benchmarks/results/map-panel.json`` and ``map-panel.md``; BENCH_ARGS='--sizes 10000'
makes a short run. It requires Debian's ``chromium`` and an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import socket
import sys
import time
from typing import Any

from map_scripts import BARE, COUNT
from report import (
    at_least,
    at_most,
    circumstances,
    header,
    number,
    save_json,
    seconds,
    table,
    targets_lines,
)
from workspace import ROOT, open_workspace

sys.path.insert(0, str(ROOT / "tests"))
RESULTS = ROOT / "benchmarks" / "results"
SEED = 51
DIM, KINDS = 16, 10
MOVE_SECONDS, REST_MS = 4, 1_500


def make_dataset(size: int) -> Any:
    """Creates a dataset with an index of given vectors, and its maps."""
    import fiftyone as fo
    import numpy as np

    import fiftyone_faiss

    rng = np.random.default_rng([SEED, size])
    kinds = rng.integers(0, KINDS, size)
    centers = rng.normal(size=(KINDS, DIM))
    vectors = (centers[kinds] + rng.normal(scale=0.5, size=(size, DIM))).astype(np.float32)
    dataset = fo.Dataset(f"map-{size}", persistent=True)
    samples = [fo.Sample(f"/images/{i}.jpg", kind=f"kind {kind}") for i, kind in enumerate(kinds)]
    dataset.add_samples(samples, progress=False)
    fiftyone_faiss.build_index(dataset, "given", embeddings=vectors, progress=False)
    for dims in (2, 3):
        fiftyone_faiss.visualize_index(
            dataset, "given", "pca", dims, f"pca_{dims}d", progress=False
        )
    return dataset


def measure(sizes: list[int]) -> dict[str, Any]:
    """Measures the panel for each size."""
    # FiftyOne reads the settings of the workspace when it is imported.
    import fiftyone as fo
    from playwright.sync_api import sync_playwright
    from support.browser import launch

    datasets = {size: make_dataset(size) for size in sizes}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    session = fo.launch_app(datasets[sizes[0]], remote=True, port=port)
    time.sleep(15)
    measured: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = launch(playwright, webgl=True)
        for size, dataset in datasets.items():
            measured[str(size)] = {
                f"{dims}d": measure_map(browser, session, dataset, dims) for dims in (2, 3)
            }
            print(json.dumps(measured[str(size)]))
        browser.close()
    session.close()
    return measured


def measure_map(browser: Any, session: Any, dataset: Any, dims: int) -> dict[str, Any]:
    """Measures one map."""
    from bench_app import open_panel
    from playwright.sync_api import expect
    from support.browser import cy

    page = open_panel(browser, session, dataset, "similarity_map_faiss")
    page.set_viewport_size({"width": 1600, "height": 900})
    canvas = cy(page, "map-canvas")
    expect(canvas).to_have_attribute("data-state", "ready")
    page.evaluate(COUNT)
    choice = cy(page, "map-choice")
    opened = 0.0
    for shown in (5 - dims, dims):
        if choice.input_value() == f"pca_{shown}d":
            continue
        page.evaluate("window.drawn.frames = 0")
        started = time.perf_counter()
        choice.select_option(f"pca_{shown}d")
        page.wait_for_function("window.drawn.frames > 0")
        opened = time.perf_counter() - started
        expect(canvas).to_have_attribute("data-state", "ready")
    started = time.perf_counter()
    cy(page, "map-color").select_option("field:kind")
    expect(cy(page, "map-class")).to_have_count(KINDS)
    colored = time.perf_counter() - started
    box = cy(page, "map-points").bounding_box()
    page.evaluate("window.drawn.points = 0")
    before = page.evaluate("window.drawn.frames")
    frames = frames_per_second(page, box)
    points, after = page.evaluate("[window.drawn.points, window.drawn.frames]")
    share = points / max(1, after - before) / len(dataset)
    page.evaluate("window.drawn.waits = true")
    waited = frames_per_second(page, box)
    each = page.evaluate("window.drawn.milliseconds")
    # The map rests, and is drawn with all points.
    page.wait_for_timeout(REST_MS)
    whole = page.evaluate("window.drawn.milliseconds.at(-1)")
    page.evaluate("window.drawn.waits = false")
    drawing = sorted(each)[len(each) // 2]
    bare = bare_frames(browser, len(dataset), box)
    lasso, count = time_lasso(page, box)
    page.context.close()
    return {
        "opened_s": opened,
        "colored_s": colored,
        "frames_per_s": frames,
        "points_share": share,
        "waited_frames_per_s": waited,
        "drawing_ms": drawing,
        "whole_drawing_ms": whole,
        "drawing_share": min(1.0, drawing * waited / 1000),
        "bare_frames_per_s": bare,
        "lasso_s": lasso,
        "lasso_points": count,
    }


def frames_per_second(page: Any, box: dict[str, float]) -> float:
    """Moves the map with the mouse, in circles, and counts the frames that are drawn."""
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    before = page.evaluate("window.drawn.frames")
    started = time.perf_counter()
    step = 0
    while time.perf_counter() - started < MOVE_SECONDS:
        step += 1
        page.mouse.move(x + 80 * math.sin(step / 15), y + 60 * math.cos(step / 15))
    took = time.perf_counter() - started
    frames = page.evaluate("window.drawn.frames") - before
    page.mouse.move(x, y)
    page.mouse.up()
    return float(frames / took)


def bare_frames(browser: Any, count: int, box: dict[str, float]) -> float:
    """Draws as many points in a page that has nothing else."""
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    page = context.new_page()
    # The panel's size of a point; see pointSize in PointCloud.ts.
    size = 2 if count > 300_000 else 3 if count > 30_000 else 5
    asked = [count, size, int(box["width"]), int(box["height"]), MOVE_SECONDS]
    frames: float = page.evaluate(BARE, asked)
    context.close()
    return frames


def time_lasso(page: Any, box: dict[str, float]) -> tuple[float, int]:
    """Encircles points, and waits until the grid shows them; returns the seconds and the number."""
    from playwright.sync_api import expect
    from support.browser import cy

    cy(page, "map-lasso").click()
    left, top = box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"]
    right, bottom = box["x"] + 0.5 * box["width"], box["y"] + 0.6 * box["height"]
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        page.mouse.move(x, y, steps=20)
    started = time.perf_counter()
    page.mouse.up()
    expect(cy(page, "map-message")).to_contain_text(re.compile("The grid shows"))
    shown = re.findall(r"[\d,]+", cy(page, "map-message").inner_text())[0]
    expect(cy(page, "entry-counts")).to_contain_text(f"{shown} sample")
    return time.perf_counter() - started, int(shown.replace(",", ""))


def targets_of(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the targets and whether they are met."""
    targets = []
    for dims in ("2d", "3d"):
        own = measured.get("100000", {}).get(dims, {})
        name = f"100,000 points, {dims.upper().replace('D', '-D')}"
        targets += [
            at_least(f"{name}: frames per second", own.get("frames_per_s"), 30),
            at_most(f"{name}: lasso to the grid, s", own.get("lasso_s"), 1),
        ]
    return targets


def page_of(data: dict[str, Any]) -> str:
    """Returns the results as Markdown."""
    rows = [
        (
            f"{int(size):,}",
            dims.replace("d", "-D"),
            seconds(own["opened_s"]),
            seconds(own["colored_s"]),
            number(own["frames_per_s"], 1),
            f"{100 * own['points_share']:.0f} %",
            number(own["bare_frames_per_s"], 1),
            f"{number(own['drawing_ms'], 1)} ms",
            f"{100 * own['drawing_share']:.0f} %",
            f"{number(own['whole_drawing_ms'], 1)} ms",
            f"{seconds(own['lasso_s'])} ({own['lasso_points']:,} points)",
        )
        for size, maps in data["maps"].items()
        for dims, own in maps.items()
    ]
    named = (
        "open",
        "color",
        "frames/s",
        "points drawn",
        "bare page",
        "WebGL",
        "share of a frame",
        "lasso",
    )
    head = ("points", "", *named)
    lines = [
        *header("The panel FAISS Map", data),
        "WebGL is drawn in software (SwiftShader), by the CPU that runs the App and its server.",
        "",
        *targets_lines(data["targets"]),
        "## Maps",
        "",
        *table(head, rows),
    ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", default="100000", help="numbers of points")
    options = parser.parse_args()
    data = circumstances(SEED, ("fiftyone", "faiss-cpu", "playwright"))
    open_workspace()
    data["maps"] = measure([int(size) for size in options.sizes.split(",")])
    data["targets"] = targets_of(data["maps"])
    save_json(RESULTS / "map-panel.json", data)
    (RESULTS / "map-panel.md").write_text(page_of(data))
    print(page_of(data))


if __name__ == "__main__":
    main()
