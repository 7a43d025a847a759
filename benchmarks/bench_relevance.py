"""Measures the estimate of relevance: the score cutoff, the bands and the verdict.

    make bench-relevance
    python benchmarks/bench_relevance.py --stamps /usr/share/tuxpaint/stamps --weights FILE

- In drawn datasets of seeds that neither the model nor the estimate was tuned on: the F1 of the
  cutoff for each family of queries, beside that of the best possible cutoff and of all images; how
  often a result in a band is right; how often queries are told that nothing is relevant.
- In the photographs of Debian's package ``tuxpaint-stamps-default``, whose folders are the labels,
  and in drawings, with ``colorhist`` and with EfficientNet-Lite0: how often images of the dataset
  and foreign images are told, and how often a result in a band is right.

EfficientNet-Lite0 needs a checkpoint for timm's ``tf_efficientnet_lite0``. It writes
``benchmarks/results/relevance.json`` and ``relevance.md``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from report import at_least, at_most, circumstances, header, number, save_json, table, targets_lines
from workspace import CACHE, ROOT, open_workspace, run_step

SEEDS = (40_000_001, 40_000_002)
PACKAGES = ("fiftyone", "faiss-cpu", "torch", "open_clip_torch", "timm", "pillow", "numpy")
SCRIPT = "relevance_steps.py"
STAMPS = Path("/usr/share/tuxpaint/stamps")
JUDGED = ("object", "color object", "object scene", "color object scene", "two objects")
BANDS = ("strong", "likely", "weak")


def main() -> None:
    options = _options()
    data: dict[str, Any] = {**circumstances(options.seeds[0], PACKAGES), "worlds": {}}
    # Where the files are on this machine does not matter.
    for path in filter(None, (options.stamps, options.weights)):
        data["command"] = data["command"].replace(str(path), path.name)
    folder = open_workspace()
    for seed in options.seeds:
        place = CACHE / f"book-{seed}-{options.pictures}"
        book = {"name": f"relevance-{seed}", "folder": place, "seed": seed}
        run_step("make_book", SCRIPT, n=options.pictures, **book)
        data["worlds"][str(seed)] = run_step("measure_world", SCRIPT, **book)
        print(seed, flush=True)
    data["stamps"] = {}
    models = {"colorhist": "colorhist"}
    if options.weights:
        weights = options.weights.resolve()
        models = {"EfficientNet-Lite0": f"timm/tf_efficientnet_lite0/{weights}", **models}
    if options.stamps.is_dir():
        for label, model in models.items():
            step = {"stamps": options.stamps.resolve(), "name": str(folder / label), "seed": 7}
            data["stamps"][label] = run_step("measure_stamps", SCRIPT, model=model, **step)
            print(label, flush=True)
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the targets and whether they are met."""
    worlds = list(data["worlds"].values())
    families = {family: _merged(worlds, family) for family in JUDGED}
    targets = [
        at_least(f"{name}: F1 of the cutoff", values["F1"], 0.75)
        for name, values in families.items()
    ]
    targets.append(
        at_least("mean F1", float(np.mean([values["F1"] for values in families.values()])), 0.9)
    )
    targets += [
        at_least(f"{name}: strong is right", _right(values, "strong"), 0.9)
        for name, values in families.items()
    ]
    told = sum(world["irrelevant"]["alone"] for world in worlds)
    texts = sum(world["irrelevant"]["texts"] for world in worlds)
    wrong = float(np.mean([values["told"] for values in families.values()]))
    targets.append(at_least("irrelevant texts told", told / texts, 0.9))
    targets.append(at_most("sensible texts told wrongly", wrong, 0.02))
    for own, measured in data["stamps"].get("EfficientNet-Lite0", {}).items():
        targets.append(at_most(f"{own}: own told wrongly", _share(measured["own"]), 0.05))
        targets += [
            at_least(f"{own}: foreign {kind} told", _share(counts), 0.9)
            for kind, counts in measured["foreign"].items()
        ]
        if measured["labels"] > 1:
            rights = [_band_right(measured, band) for band in BANDS]
            targets += [
                at_least(f"{own}: right in {first} less right in {second}", a - b, 0.15)
                for first, second, a, b in zip(
                    BANDS[:-1], BANDS[1:], rights[:-1], rights[1:], strict=True
                )
            ]
    return targets


def _merged(worlds: list[dict[str, Any]], family: str) -> dict[str, float]:
    """Returns the means over all queries of a family, in all datasets."""
    parts = [world["families"][family] for world in worlds]
    counts = [part["queries"] for part in parts]
    means = {
        key: float(np.average([part[key] for part in parts], weights=counts)) for key in parts[0]
    }
    return {**means, "queries": sum(counts)}


def _right(values: dict[str, float], band: str) -> float | None:
    return values[f"{band} right"] / values[band] if values[band] else None


def _band_right(measured: dict[str, Any], band: str) -> float:
    count, right = measured["bands"][band]
    return right / max(count, 1)


def _share(counts: dict[str, int]) -> float:
    return counts["told"] / counts["queries"]


def interval(hits: int, count: int) -> str:
    """Formats a share with its 95 % interval (Wilson, "Probable inference", 1927)."""
    share, z = hits / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    half /= 1 + z * z / count
    return f"{share:.3f} ({max(0.0, middle - half):.3f} to {min(1.0, middle + half):.3f})"


def page_of(data: dict[str, Any]) -> list[str]:
    """Returns the results as lines of Markdown."""
    worlds = list(data["worlds"].values())
    images = sum(world["images"] for world in worlds)
    head = ("family", "queries", "F1", "best possible", "all images", "strong right",
            "likely right", "weak right", "told wrongly")  # fmt: skip
    rows = []
    for family in worlds[0]["families"]:
        values = _merged(worlds, family)
        rights = [number(_right(values, band)) for band in BANDS]
        scores = [number(values[key]) for key in ("F1", "best F1", "F1 of all")]
        told = number(values["told"])
        rows.append((family, f"{values['queries']:.0f}", *scores, *rights, told))
    irrelevant = [
        (name, interval(sum(w["irrelevant"][key] for w in worlds),
                        sum(w["irrelevant"]["texts"] for w in worlds)))
        for name, key in (("alone", "alone"), ('beside "a {object}"', "beside"))
    ]  # fmt: skip
    lines = [
        *header("The estimate of relevance", data),
        *targets_lines(data["targets"]),
        f"## Drawn images, {len(worlds)} datasets, {images:,} images",
        "",
        "A result is kept if its estimate is at least 0.5. F1 is relative to all relevant images; "
        "the best possible cutoff is the best for each query.",
        "",
        *table(head, rows),
        *table(("irrelevant texts", "told, with 95 % interval"), irrelevant),
    ]
    for model, measured in data["stamps"].items():
        lines += _stamps_lines(model, measured)
    return lines


def _stamps_lines(model: str, measured: dict[str, Any]) -> list[str]:
    lines = [f"## Images, {model}", ""]
    rows = []
    for own, values in measured.items():
        told = [("of the dataset", values["own"]), *values["foreign"].items()]
        rows += [
            (own, kind, str(counts["queries"]), interval(counts["told"], counts["queries"]))
            for kind, counts in told
        ]
    lines += table(("dataset", "query images", "number", "told, with 95 % interval"), rows)
    photographs = measured["photographs"]
    chance = sum(right for _, right in photographs["bands"].values()) / max(
        sum(count for count, _ in photographs["bands"].values()), 1
    )
    lines.append(
        f"Results of {photographs['own']['queries']} photographs of the dataset by their folder, "
        f"of {photographs['labels']}; by chance, {chance:.3f} are right. The query is no result."
    )
    rows = [
        (band, f"{photographs['bands'][band][0]:,}", number(_band_right(photographs, band)))
        for band in BANDS
    ]
    return [*lines, "", *table(("band", "results", "right"), rows)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--pictures", type=int, default=2_500, help="drawn images of each seed")
    parser.add_argument("--stamps", type=Path, default=STAMPS, help="folder of folders of PNGs")
    parser.add_argument("--weights", type=Path, help="checkpoint of EfficientNet-Lite0")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/relevance.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
