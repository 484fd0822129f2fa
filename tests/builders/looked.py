"""A page in the system's Chromium, and everything that it said or fetched that it should not."""

from __future__ import annotations

import time
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Looked:
    """A page, and everything that it said or fetched that it should not."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1360, "height": 900}, **options)
        self.page: Page = self.context.new_page()
        self.address = address
        self.said: list[str] = []
        self.foreign: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text) if message.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda fault: self.said.append(str(fault)))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: None if request.url.startswith(address) else self.foreign.append(request.url))

    def at(self, path: str) -> Page:
        """Open a path of ours."""
        self.page.goto(f"{self.address}{path}")
        return self.page

    def tab_to(self, wanted: str) -> None:
        """Press Tab until this has the focus."""
        for _ in range(120):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("(wanted) => document.activeElement?.matches(wanted) ?? false", wanted):
                return
        raise AssertionError(f"the keyboard does not reach {wanted}")

    def grave(self) -> list[tuple[str, list[str]]]:
        """What axe finds serious or critical; the page must be open without its policy, for axe puts its script into it."""
        found = Axe().run(self.page).response["violations"]
        return [
            (each["id"], [node["html"][:160] for node in each["nodes"][:3]]) for each in found if each["impact"] in {"serious", "critical"}
        ]

    def workbench(self, link: str = "") -> Page:
        """Open the workbench, and wait for its first answer."""
        self.at(f"/workbench/{link}")
        self.answered(1)
        return self.page

    def answered(self, times: int) -> None:
        """Wait until so many answers were drawn."""
        deadline = time.monotonic() + 20
        while int(self.page.evaluate("Number(document.body.dataset.answered ?? 0)")) < times:  # a predicate in the page would need eval
            assert time.monotonic() < deadline, f"no answer was drawn: {self.said}"
            self.page.wait_for_timeout(20)

    def paste(self, text: str) -> None:
        """Paste, and wait for the answer."""
        before = int(self.page.evaluate("Number(document.body.dataset.answered ?? 0)"))
        self.page.get_by_role("button", name="Paste data…").click()
        self.page.get_by_label("JSON").fill(text)
        self.page.get_by_role("button", name="Use this").click()
        self.answered(before + 1)
