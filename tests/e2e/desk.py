"""The ranking page as its person uses it, and what the project then holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from deploy import stack
from rlhf.client import Client


@dataclass(frozen=True)
class Desk:
    page: Page

    @classmethod
    def open(cls, page: Page, house: stack.Stack, slug: str) -> Desk:
        """The first task is there."""
        page.goto(f"{house.url}/p/{slug}/annotate")
        expect(page.get_by_role("region", name="Prompt")).to_be_visible()
        return cls(page)

    @property
    def prompt(self) -> Locator:
        return self.page.get_by_role("region", name="Prompt")

    @property
    def asked(self) -> str:
        """The question on the page: the last line of its prompt."""
        return self.prompt.inner_text().splitlines()[-1]

    def response(self, letter: str) -> Locator:
        return self.page.get_by_role("article", name=re.compile(f"^Response {letter}"))

    def text(self, letter: str) -> str:
        return self.response(letter).inner_text().splitlines()[-1]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def submit(self, *keys: str) -> None:
        """Say it by `keys` and Enter, and wait for what comes next."""
        asked = self.asked
        self.press(*keys, "Enter")
        expect(self.prompt.filter(has_text=asked)).to_have_count(0)

    def finish(self, *keys: str) -> None:
        """Submit the last one there is: nothing is left, and the server has all."""
        expect(self.prompt).to_be_visible()
        self.press(*keys, "Enter")
        self.is_finished()

    def is_finished(self) -> None:
        expect(self.page.get_by_text("Everything here is ranked.")).to_be_visible()
        self.is_saved()

    def is_saved(self) -> None:
        expect(self.page.get_by_test_id("save-state")).to_have_text("Saved")


def judgments(owner: Client, slug: str) -> dict[str, dict[str, Any]]:
    """By question: the standing judgment, its `tiers` as texts."""
    found = {}
    for row in owner.export(slug, "judgments"):
        texts = {response["id"]: response["messages"][-1]["content"] for response in row["responses"]}
        tiers = [[texts[id] for id in tier] for tier in row["tiers"]]
        found[row["prompt"][-1]["content"]] = {**row, "tiers": tiers}
    return found
