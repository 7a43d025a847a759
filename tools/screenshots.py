"""Takes the README's screenshot from the running demo.

    make screenshots

starts the demo, searches in Chromium, and writes ``docs/search.png``.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.browser import cy, launch, open_page, shows  # noqa: E402

PORT = 5152
QUERY = "a red car on the highway"


def take(url: str) -> Image.Image:
    """Searches in the App at an address, and returns a screenshot of the results."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = open_page(browser, url, 1600, 900)
        expect(cy(page, "faiss-status")).to_contain_text("Ready")
        cy(page, "faiss-query").fill(QUERY)
        cy(page, "faiss-query").press("Enter")
        expect(cy(page, "faiss-result")).to_have_count(25)
        shows(page, 25)
        # A sample has a canvas only after the App has drawn it.
        expect(page.locator('[data-cy="looker"] canvas').first).to_be_visible()
        page.wait_for_timeout(2000)
        screenshot = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
    return screenshot


def main() -> None:
    """Runs the demo, and writes the screenshot."""
    command = [sys.executable, "-u", str(ROOT / "tools" / "run_demo.py"), "--port", str(PORT)]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert demo.stdout is not None
        address = re.compile(rf"http://\S+:{PORT}/datasets\S+")
        url = next(match[0] for line in demo.stdout if (match := address.search(line)))
        screenshot = take(url)
    finally:
        demo.terminate()
        demo.wait()
    # A palette of 256 colors makes the file smaller without a visible difference.
    screenshot.convert("RGB").quantize(256).save(ROOT / "docs" / "search.png", optimize=True)


if __name__ == "__main__":
    main()
