"""One demo for all the journeys, with the bank's notifications off: the product must be right without them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.journeys.demo import PASSWORD, Demo

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo") / "var")
    running.start()
    running.control(notifications="off")
    yield running
    running.stop()
    os.environ.pop("OBOLE_DEMO", None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a browser, and close it with its module: while its loop turns, Django takes this thread for async code."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class People:
    """Opens a window for somebody; whatever a page complains of in its console is a failure."""

    def __init__(self, demo: Demo, chromium: Browser) -> None:
        self._demo, self._chromium = demo, chromium
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def window(self, who: str = "", *, width: int = 1280, javascript: bool = True) -> Page:
        """Return a page, signed in as ``who`` of the demo."""
        context = self._chromium.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            locale="fr-FR",
            base_url=self._demo.base,
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        if who:
            page.goto("/compte/login/")
            page.fill("input[name=login]", f"{who}@demo.example")
            page.fill("input[name=password]", PASSWORD)
            page.click("main button[type=submit]")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def people(demo: Demo, chromium: Browser) -> Iterator[People]:
    opened = People(demo, chromium)
    yield opened
    opened.close()
    assert opened.complaints == []


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Where the README's pictures go, when they are asked for (`make pictures`)."""
    folder = os.environ.get("OBOLE_PICTURES")
    return Path(folder) if folder else None
