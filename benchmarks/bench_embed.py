"""Compares this project's embedding loop with FiftyOne's, and with the limits of the machine.

    make bench-embed
    python benchmarks/bench_embed.py --images 400 --device cpu
    python benchmarks/bench_embed.py --device cuda

Both embed the same JPEGs, of 1280 x 960 and of 224 x 224 pixels, with OpenCLIP's ViT-B-32 and the
same random weights, registered in FiftyOne's zoo. Every measurement runs in its own process, after
some images that are not counted. Ours, FiftyOne's and the parts are measured alternately, and
medians are reported:

- images per second from a dataset to its vectors: ours with its defaults, and FiftyOne's
  ``compute_embeddings`` with the best of several settings, including its defaults
- the network alone and decoding alone, each on all processors. No loop on the same processors can
  be faster than ``1 / (1 / network + 1 / decoding)``; ours is compared with that
- the cosine of our vectors to FiftyOne's, which are float32
- OpenVINO in bfloat16 and in int8, calibrated with the first images: end to end and its parts, in
  the same rounds (``pip install "fiftyone-faiss[openvino]"``)
- the maximum memory of embedding, for some images and for four times as many
- the limit of the processor: the rate of a matrix product, divided by the operations of an image
- alternatives: precisions, batch sizes, numbers of workers, decoding JPEGs at a fraction of their
  size, int8, memory layouts and ``torch.compile``

The table of networks compares the precisions, which an embedder chooses by the capabilities of its
device (``embedders/precision.py``) and never measures itself.

On a GPU, it measures ViT-B-32 and ViT-L-14 at 224 x 224 pixels, end to end and the network alone.
It writes JSON with every number, and a page of tables next to it (``--table-only`` writes only the
page). It takes some 40 minutes on two processors, 4 GB of memory and 3 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from embed_openvino_table import EngineRuns, calibrate
from embed_table import ARCHITECTURE, GPU_ARCHITECTURES, LARGE, SMALL, conclude, write_page
from report import circumstances, save_json
from vectors import cosines
from workspace import CACHE, ROOT, open_workspace, run_step, try_step

PACKAGES = (
    "fiftyone", "torch", "torchvision", "open_clip_torch", "openvino", "nncf", "pillow", "numpy",
)  # fmt: skip
SIZES = {LARGE: (1280, 960), SMALL: (224, 224)}
MODEL = "bench-vit-b-32"
# FiftyOne's defaults, and settings that might be faster; None leaves the choice to FiftyOne.
SETTINGS: tuple[dict[str, int | None], ...] = (
    {"batch_size": None, "num_workers": None},
    {"batch_size": 8, "num_workers": None},
    {"batch_size": 32, "num_workers": None},
    {"batch_size": 32, "num_workers": 0},
    {"batch_size": 32, "num_workers": 2},
)
NETWORK_IMAGES = 96
PARTS = ("sets", "memory", "tries")
# The time limit for loading, compiling and measuring a network.
TIMEOUT_S = 180

embed_step = partial(run_step, script="embed_steps.py")
try_embed_step = partial(try_step, script="embed_steps.py")
try_other = partial(try_step, script="embed_tries.py")


def main() -> None:
    options = _options()
    page = options.output.with_suffix(".md")
    if options.table_only:
        write_page(json.loads(options.output.read_text()), page)
        return
    data = {
        **circumstances(options.seed, PACKAGES),
        "images": options.images,
        "rounds": options.rounds,
        "sets": {},
        "tries": {},
        "gpu": {},
    }
    folder = open_workspace()
    # So that every run compiles again, in the process that is stopped after the time limit.
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder / "inductor")
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"

    def save() -> None:
        # After each part, so that a long run that is stopped keeps its results.
        conclude(data)
        save_json(options.output, data)
        write_page(data, page)

    photos = _make_photos(options, data)
    if "cuda" in options.device:
        measure_gpu(photos, folder, options, data, save)
    if "cpu" in options.device:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        measure_cpu(photos, folder, options, data, save)
    data["machine"]["load_at_end"] = round(os.getloadavg()[0], 2)
    save()
    print(f"Wrote {options.output} and {page.name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=400, help="images of each size")
    parser.add_argument("--rounds", type=int, default=3, help="how often each rate is measured")
    parser.add_argument("--device", nargs="+", choices=("cpu", "cuda"), default=["cpu"])
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure on processors"
    )
    parser.add_argument("--sets", nargs="+", choices=SIZES, default=list(SIZES), help="image sizes")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/embed.json")
    parser.add_argument("--table-only", action="store_true", help="only write the page of tables")
    return parser.parse_args()


def _make_photos(options: argparse.Namespace, data: dict[str, Any]) -> dict[str, Path]:
    photos = {}
    for name, (width, height) in SIZES.items():
        photos[name] = CACHE / f"photos-{options.seed}-{name}"
        made = run_step(
            "make_photos",
            script="photos.py",
            folder=photos[name],
            n=options.images,
            width=width,
            height=height,
            seed=options.seed,
        )
        print(f"{name}: {options.images} JPEGs of {made['bytes'] / 1000:.0f} kB", flush=True)
        data["sets"][name] = made
    return photos


# -- on processors -------------------------------------------------------------------------------


def measure_cpu(
    photos: dict[str, Path],
    folder: Path,
    options: argparse.Namespace,
    data: dict[str, Any],
    save: Callable[[], None],
) -> None:
    """Measures everything that needs no GPU."""
    network = {"architecture": ARCHITECTURE, "checkpoint": folder / f"{ARCHITECTURE}.pt"}
    embed_step("make_weights", **network, seed=options.seed)
    embed_step("make_datasets", model=MODEL, **network, folders=photos, n=options.images)
    if "sets" in options.parts:
        print("calibrating int8", flush=True)
        small = {"folder": photos[SMALL], "n": options.images}
        data["calibration"] = calibrate(small, network, folder)
        for name in options.sets:
            print(name, flush=True)
            images = {"folder": photos[name], "n": options.images}
            engines = EngineRuns(name, images, network, folder)
            data["sets"][name] |= measure_set(
                name, {**images, **network}, engines, folder, options.rounds
            )
            save()
    images = {"folder": photos[LARGE], "n": options.images}
    if "memory" in options.parts:
        print("memory and the limit of the processor", flush=True)
        data["memory"] = [
            try_embed_step("memory", **images, **network, repeats=repeats) for repeats in (1, 4)
        ]
        data["ceiling"] = try_embed_step("ceiling", architecture=ARCHITECTURE)
        save()
    if "tries" in options.parts:
        measure_tries({**images, **network}, data["tries"], save)


def measure_set(
    name: str, given: dict[str, Any], engines: EngineRuns, folder: Path, rounds: int
) -> dict[str, Any]:
    """Measures ours, FiftyOne's and the parts of ours alternately, with images of one size."""
    files = {way: folder / f"{way}-{name}.npy" for way in ("ours", "theirs")}
    run = {"name": name, "model": MODEL}
    theirs = partial(embed_step, "theirs", **run, vectors_file=files["theirs"])
    settings = [{**setting, **theirs(**setting, limit=given["n"] // 4)} for setting in SETTINGS]
    fastest = max(settings, key=lambda setting: setting["rate"])
    best = {key: fastest[key] for key in SETTINGS[0]}
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": [], "parts": []}
    for _ in range(rounds):
        runs["ours"].append(embed_step("ours", **run, vectors_file=files["ours"]))
        runs["theirs"].append(theirs(**best))
        runs["parts"].append(embed_step("parts", **given))
        engines.run()
        rates = [f"{way} {all_[-1]['rate']:.1f}" for way, all_ in runs.items() if way != "parts"]
        print(f"  images per second: {', '.join(rates)}", flush=True)
    parts = runs["parts"]
    ours, others = (np.load(file) for file in files.values())
    return {
        "settings": settings,
        "best": best,
        "runs": runs,
        "rates": {
            "ours": median(run["rate"] for run in runs["ours"]),
            "theirs": median(run["rate"] for run in runs["theirs"]),
            **{part: median(rates[part] for rates in parts) for part in parts[0]},
        },
        **cosines(ours, others),
        "engines": engines.result(others),
        "cosine_of_others": _cosine_of_others(others),
    }


def _cosine_of_others(vectors: np.ndarray) -> float:
    """The mean cosine of two different rows, to compare cosines near 1 with."""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    n = len(units)
    return float((np.sum(units.sum(axis=0) ** 2) - n) / (n * (n - 1)))


def measure_tries(given: dict[str, Any], tries: dict[str, Any], save: Callable[[], None]) -> None:
    """Measures alternatives; some of them fail on some machines."""
    print("alternatives", flush=True)
    for kind in ("batches", "drafts"):
        tries[kind] = try_other(kind, **given)
        save()
    tries["networks"] = {}
    few = {**given, "n": min(given["n"], NETWORK_IMAGES)}
    for kind in run_step("network_kinds", script="embed_tries.py")["kinds"]:
        tries["networks"][kind] = try_other("network", **few, kind=kind, timeout_s=TIMEOUT_S)
        save()


# -- on a GPU ------------------------------------------------------------------------------------


def measure_gpu(
    photos: dict[str, Path],
    folder: Path,
    options: argparse.Namespace,
    data: dict[str, Any],
    save: Callable[[], None],
) -> None:
    """Measures both networks on the GPU."""
    for architecture in GPU_ARCHITECTURES:
        print(f"{architecture} on the GPU", flush=True)
        network = {"architecture": architecture, "checkpoint": folder / f"{architecture}.pt"}
        embed_step("make_weights", **network, seed=options.seed)
        images = {"folder": photos[SMALL], "n": options.images}
        data["gpu"][architecture] = try_embed_step("on_gpu", **images, **network)
        save()


if __name__ == "__main__":
    main()
