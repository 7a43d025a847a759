"""axe-core: finds what people with disabilities cannot use in a page."""

from __future__ import annotations

from typing import Any

from page import VIEW, install
from playwright.sync_api import Page


def load_axe(page: Page) -> None:
    """Loads axe-core into a page."""
    install()
    page.add_script_tag(path=VIEW / "node_modules" / "axe-core" / "axe.min.js")


def violations(page: Page) -> list[dict[str, Any]]:
    """Returns the rules that elements of the panel violate, with these elements."""
    rules: list[dict[str, Any]] = page.evaluate(
        """async () => {
            const { violations } = await axe.run(".ffs-panel");
            return violations.map(({ id, nodes }) => {
              return { id, nodes: nodes.map(({ html, failureSummary }) => [html, failureSummary]) };
            });
        }"""
    )
    return rules
