"""axe-core on every page of the product, in both colour schemes. Tests look at narrow pages."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from deploy import stack
from fixtures import browser, pages
from fixtures.furnish import House, furnish
from fixtures.loop import PASSWORD, ROUND, Loop, Progress

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCHEMES = ("light", "dark")
# As little of a round as shows every page something.
ROUND_CHANGES = {
    "policy": "base@1",
    "base": "base@1",
    "method": "dpo",
    "promote": "always",
    "judgments": 40,
    "continue_with_next": False,
}
STEP_CHANGES = {
    "sample": {"max_new_tokens": 32, "responses_per_prompt": 2},
    "reward": {"max_steps": 12},
    "dpo": {"max_steps": 12},
    "evaluate": {"max_new_tokens": 32, "num_prompts": 24, "human_judgments": 10},
}


def with_a_round(running: stack.Stack) -> House:
    """The demo's crowd and model go once round the loop in a new installation; then it is furnished."""
    loop = Loop(running, Progress())
    loop.prepare()
    spec = {**json.loads(ROUND.read_text()), **ROUND_CHANGES}
    spec |= {step: {**spec[step], **changes} for step, changes in STEP_CHANGES.items()}
    with loop.crowd:
        loop.finish(loop.client.launch_round(loop.slug, spec)["id"])
    house = House(running.url, loop.client, loop.slug, PASSWORD)
    furnish(house)
    return house


def measure(chromium: Browser, say: Callable[..., None]) -> int:
    """Says what is wrong with each page in each scheme; returns how many of those have something wrong."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"LOCAL_THREADS": "2", "WEBHOOK_ALLOW_PRIVATE": "1"}
        with stack.running(Path(folder) / "var", **environment) as running:
            house = with_a_round(running)
            wrong = 0
            for scheme, name, found in findings(chromium, house):
                say(f"accessibility violations: {name}, {scheme}", len(found), "rules", limit=0, found=found)
                wrong += bool(found)
    return wrong


def findings(chromium: Browser, house: House) -> Iterator[tuple[str, str, list[str]]]:
    """By scheme and page: what axe finds there."""
    found = pages.addresses(house)
    for scheme in SCHEMES:
        look = {"viewport": browser.WIDE, "color_scheme": scheme, "reduced_motion": "reduce"}
        # axe is put into the page, which its content security policy would refuse.
        for shown, page in pages.opened(chromium, house, pages.PAGES, found, bypass_csp=True, **look):
            yield scheme, shown.name, browser.violations(page)
