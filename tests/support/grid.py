"""The App's grid beside the panel: the filters of the sidebar, and what the grid shows."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

Filters = dict[str, Any]


def filters_of(**values: list[str]) -> Filters:
    """Filters of the sidebar that select labels, by the field; ``__`` stands for a dot."""
    chosen = {"exclude": False, "isMatching": True}
    return {name.replace("__", "."): {"values": some, **chosen} for name, some in values.items()}


def set_filters(page: Page, filters: Filters) -> None:
    """Sets the filters of the sidebar."""
    page.evaluate("some => window.__foo__.executeOperator('set_filters', some)", filters)


def clear_filters_by_hand(page: Page) -> None:
    """Drops the filters of the sidebar as a person does, who presses in the sidebar first."""
    page.evaluate(
        """() => {
            const press = new PointerEvent("pointerdown", { bubbles: true });
            document.querySelector('[data-cy^="sidebar"]').dispatchEvent(press);
        }"""
    )
    set_filters(page, {})


def kept_search(page: Page, dataset: str) -> str | None:
    """Returns what the browser keeps of the search of a dataset."""
    text: str | None = page.evaluate(
        "name => localStorage.getItem(`fiftyone-faiss.search/${name}`)", dataset
    )
    return text
