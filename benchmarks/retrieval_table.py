"""The page of tables of ``bench_retrieval.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from report import header, number, table

TITLES = {
    "plain": "1. Words",
    "composition": "2. Several terms",
    "negatives": "3. Terms to avoid",
    "feedback": "4. Feedback",
    "templates": "5. Templates",
    "hubness": "6. Hubness",
    "diversity": "7. Variety",
    "fold": "8. Near-copies",
    "bands": "9. Bands",
    "verdicts": "9. Verdicts",
    "cut_off": "10. The cut-off",
}
# Two runs of one seed, a few commits apart, differed by up to 0.011 in the feedback tables, and by
# more in the verdicts, which hang on single pictures.
_SAME = 0.015


def write_page(data: dict[str, Any], path: Path) -> None:
    """Writes the page of tables."""
    book = data["book"]
    lines = header("Retrieval benchmark", data)
    lines += [
        f"A book of {book['pictures']:,} drawn pictures that the model never saw, "
        f"{book['near_copies']:,} of them near-copies, indexed with `{book['model']}` and searched "
        "with `fiftyone_faiss.search`. Everything is measured on this small world, whose model "
        "knows it well; on photos the numbers are others.",
        "",
    ]
    for section, found in data["sections"].items():
        lines += [f"## {TITLES[section]}", ""]
        for one in found.get("tables", ()):
            lines += _table_lines(one)
        if "error" in found:
            lines += [f"Not measured: {found['error']}", ""]
    path.write_text("\n".join(lines).rstrip() + "\n")


def _table_lines(one: dict[str, Any]) -> list[str]:
    rows = one["rows"]
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    shown = [
        [_row_name(name, one), *(_cell(row.get(c)) for c in columns)] for name, row in rows.items()
    ]
    note = " ".join(part for part in (_by_default(one), one["why"]) if part)
    return [f"### {one['title']}", "", *table([one["corner"], *columns], shown), note, ""]


def _row_name(name: str, one: dict[str, Any]) -> str:
    return f"**{name}**" if name == one["now"] else name


def _cell(value: float | int | None) -> str:
    return f"{value:,}" if isinstance(value, int) else number(value)


def _by_default(one: dict[str, Any]) -> str:
    """What is on by default, and what measures better."""
    rows, now, by = one["rows"], one["now"], one["by"]
    known = {
        name: row[by]
        for name, row in rows.items()
        if name != one["bound"] and row.get(by) is not None
    }
    if now not in known:
        return ""
    value = known.pop(now)
    best = max(known, key=lambda name: known[name])
    ahead = known[best] - value
    start = f"By default: {now} ({by} {number(value)});"
    if ahead > _SAME:
        return f"{start} {best} measures better here ({number(known[best])})."
    if ahead > -_SAME:
        return f"{start} {best} does not measure differently ({number(known[best])})."
    return f"{start} the next best, {best}, does not measure better ({number(known[best])})."
