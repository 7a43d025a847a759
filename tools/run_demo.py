"""Runs the demo: datasets, indexes, some searches, and the App with both panels open.

    make demo
    make demo DEMO_ARGS="--check"
    make demo DEMO_ARGS="--images ~/pictures --model ViT-B-32/laion2b_s34b_b79k"

The demo writes all its files to one folder of the project. Delete that folder to remove them.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from environment import use_folder

if TYPE_CHECKING:
    import fiftyone as fo

ROOT = Path(__file__).resolve().parent.parent
BRAIN_KEY = "clip"
QUERIES = (
    "a red car on the highway",
    "a dog with a ball",
    "a white cat in the snow",
    "a person in blue at the beach",
    "an umbrella",
)
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


def parse_arguments() -> argparse.Namespace:
    """Reads the command line and resolves the paths in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="stop when the App is ready")
    parser.add_argument("--images", type=lambda p: Path(p).expanduser().resolve(), help="a folder")
    parser.add_argument("--model", help="an OpenCLIP model: <architecture>/<weights>, or a folder")
    parser.add_argument("--query", action="append", help="print the results of a query; repeatable")
    parser.add_argument("--count", type=int, default=1000, help="number of images to draw")
    parser.add_argument("--port", type=int, default=5151, help="the App's port")
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="folder for all files")
    options = parser.parse_args()
    if options.images and not options.images.is_dir():
        parser.error(f"--images: there is no folder {options.images}")
    if options.images and not options.model:
        parser.error("--images needs --model: the demo's own model knows only drawn images")
    return options


def load_images(folder: Path) -> fo.Dataset:
    """Loads or creates a dataset of the images in a folder, and adds new images to it."""
    import fiftyone as fo

    paths = sorted(str(p) for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        sys.exit(f"There are no images in {folder}.")
    name = f"images-{folder.name}"
    dataset = (
        fo.load_dataset(name) if fo.dataset_exists(name) else fo.Dataset(name, persistent=True)
    )
    known = set(dataset.values("filepath"))
    dataset.add_samples([fo.Sample(path) for path in paths if path not in known])
    return dataset


def prepare(options: argparse.Namespace) -> fo.Dataset:
    """Creates the dataset and its index, or completes them after an earlier run."""
    import fiftyone_faiss
    from fiftyone_faiss.brain import register_zoo_model
    from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
    from fiftyone_faiss.demo.dataset import create_dataset
    from fiftyone_faiss.embedders.open_clip import OpenClipSpec

    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    if options.images:
        dataset = load_images(options.images)
    else:
        name = "picture-book" if options.count == 1000 else f"picture-book-{options.count}"
        dataset = create_dataset(name, options.folder / "datasets" / name, options.count)
    model = options.model or MODEL_NAME
    print(f"Indexing '{dataset.name}' with {model}")
    try:
        report = fiftyone_faiss.build_index(dataset, BRAIN_KEY, model=model, progress=True)
    except ValueError as error:
        sys.exit(str(error))
    print(report)
    return dataset


def prepare_duplicates(options: argparse.Namespace) -> None:
    """Creates the dataset with planted duplicates and its index, and says what is planted."""
    import fiftyone_faiss
    from fiftyone_faiss.demo import MODEL_NAME
    from fiftyone_faiss.demo.duplicates_dataset import create_duplicates_dataset, planted_line

    name = "picture-book-duplicates"
    dataset = create_duplicates_dataset(name, options.folder / "datasets" / name)
    fiftyone_faiss.build_index(dataset, BRAIN_KEY, model=MODEL_NAME, progress=True)
    print(f"'{name}' has {planted_line(dataset)}")


def show_searches(dataset: fo.Dataset, queries: tuple[str, ...] | list[str]) -> None:
    """Runs some queries and prints their nearest samples."""
    import fiftyone_faiss

    label_field = "caption" if dataset.has_field("caption") else "filepath"
    for query in queries:
        neighbors = fiftyone_faiss.search(dataset, query, brain_key=BRAIN_KEY, k=3)
        milliseconds = neighbors.to_dict()["milliseconds"]
        print(f"\n{query}  ({milliseconds:.0f} ms)")
        labels = dict(zip(*dataset.select(neighbors.ids).values(["id", label_field]), strict=True))
        for sample_id, score in zip(neighbors.ids, neighbors.scores, strict=True):
            print(f"   {score:5.2f}  {labels[sample_id]}")


def serve(dataset: fo.Dataset, port: int, stay: bool) -> None:
    """Serves the App with the panels next to the grid until you stop it."""
    import fiftyone as fo

    panel = fo.Panel(type="similarity_search_faiss", pinned=False)
    curate = fo.Panel(type="similarity_curate_faiss", pinned=False)
    samples = fo.Panel(type="Samples", pinned=True)
    spaces = fo.Space(
        children=[
            fo.Space(children=[samples], active_child=samples.component_id),
            fo.Space(children=[panel, curate], active_child=panel.component_id),
        ],
        orientation="horizontal",
    )
    session = fo.launch_app(dataset, remote=True, port=port, spaces=spaces)
    print(f"\nThe App is at http://localhost:{port}/datasets/{dataset.name}")
    if stay:
        print("Press Ctrl-C to stop.")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            session.wait(-1)
        except KeyboardInterrupt:
            print("\nStopping.")
    session.close()


def main() -> None:
    """Runs the demo."""
    started = time.perf_counter()
    options = parse_arguments()
    # Without a handler, OpenCLIP's first message installs one, and all later messages are doubled.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        use_folder(options.folder)
    except RuntimeError as error:
        sys.exit(str(error))
    dataset = prepare(options)
    if not options.images:
        prepare_duplicates(options)
    show_searches(dataset, options.query or ([] if options.images else QUERIES))
    print(f"\nReady after {time.perf_counter() - started:.0f} s.")
    serve(dataset, options.port, stay=not options.check)


if __name__ == "__main__":
    main()
