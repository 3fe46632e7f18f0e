"""Takes the README's picture: ``python -m tests.ui.screenshot OUT.png``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from index import ArticleIndex
from qa import ArticleQA
from tests.ui.browser import ask, find_chromium, launch, opened
from ui.web.server import running

GAZETTE = Path(__file__).parents[2] / "eval" / "gazette" / "articles"
QUESTION = "Who was jailed for stealing from the lifeboat fund?"


def main() -> int:
    executable = find_chromium()
    if len(sys.argv) != 2 or executable is None:
        print("usage: python -m tests.ui.screenshot OUT.png (needs Chromium: set BYLINE_CHROMIUM)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gazette"
        with ArticleIndex.open(path, create=True) as index:
            index.add([GAZETTE])
        with (
            ArticleQA.open(path) as qa,
            running(qa) as address,
            sync_playwright() as playwright,
            launch(playwright, executable) as browser,
            opened(browser, address, viewport={"width": 1280, "height": 800}, color_scheme="light") as (page, _),
        ):
            ask(page, QUESTION)
            page.locator("a.cite").first.click()
            page.locator("mark").first.wait_for()
            page.mouse.move(0, 0)
            page.screenshot(path=sys.argv[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
