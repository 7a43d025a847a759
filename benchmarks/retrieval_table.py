"""The page of tables of ``bench_retrieval.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from report import header, number, table

TITLES = {
    "plain": "1. Text queries",
    "composition": "2. Several terms",
    "negatives": "3. Negative terms",
    "feedback": "4. Relevance feedback",
    "templates": "5. Prompt templates",
    "hubness": "6. Hubness correction",
    "diversity": "7. Diversity",
    "fold": "8. Near-duplicates",
}
# Two runs of one seed, a few commits apart, differed by up to 0.011 in the feedback tables.
_NOISE = 0.015


def write_page(data: dict[str, Any], path: Path) -> None:
    """Writes the page of tables."""
    book = data["book"]
    lines = header("Retrieval benchmark", data)
    lines += [
        f"The dataset has {book['pictures']:,} drawn images that the model was not trained on, "
        f"{book['near_copies']:,} of them near-duplicates. It is indexed with `{book['model']}` "
        "and searched with `fiftyone_faiss.search`. The model was trained on images of the same "
        "kind, so expect other numbers for photos.",
        "",
    ]
    for name, section in data["sections"].items():
        lines += [f"## {TITLES[name]}", ""]
        for item in section.get("tables", ()):
            lines += _table_lines(item)
        if "error" in section:
            lines += [f"Not measured: {section['error']}", ""]
    path.write_text("\n".join(lines).rstrip() + "\n")


def _table_lines(item: dict[str, Any]) -> list[str]:
    rows = item["rows"]
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    cells = [
        [_row_name(name, item), *(_cell(row.get(column)) for column in columns)]
        for name, row in rows.items()
    ]
    note = " ".join(part for part in (_comparison(item), item["why"]) if part)
    return [f"### {item['title']}", "", *table([item["corner"], *columns], cells), note, ""]


def _row_name(name: str, item: dict[str, Any]) -> str:
    return f"**{name}**" if name == item["now"] else name


def _cell(value: float | int | None) -> str:
    return f"{value:,}" if isinstance(value, int) else number(value)


def _comparison(item: dict[str, Any]) -> str:
    """Compares the default setting with the best other one."""
    rows, default, metric = item["rows"], item["now"], item["by"]
    values = {
        name: row[metric]
        for name, row in rows.items()
        if name != item["bound"] and row.get(metric) is not None
    }
    if default not in values:
        return ""
    value = values.pop(default)
    best = max(values, key=lambda name: values[name])
    lead = values[best] - value
    start = f"Default: {default} ({metric} {number(value)})."
    if lead > _NOISE:
        return f"{start} Better: {best} ({number(values[best])})."
    if lead > -_NOISE:
        return f"{start} Not distinguishable: {best} ({number(values[best])})."
    return f"{start} Next best: {best} ({number(values[best])})."
