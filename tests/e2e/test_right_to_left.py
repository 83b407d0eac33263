"""The pages in Arabic: from right to left, nothing left in English, and ranked by the same keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from deploy import stack
from fixtures.browser import NARROW, WIDE
from rlhf.client import Client
from tests.e2e.houses import PASSWORD, pairs, project

pytestmark = pytest.mark.browser

NUM_PAIRS = 4

# Names of formats, methods and signs that Arabic texts of the field write in Latin letters too, and
# what this test itself calls its people and its project.
LATIN = {
    "Plumbline", "Markdown", "JSON", "Lines", "CSV", "Parquet", "Arrow", "zip", "gz", "JSONL", "API", "AC",
    "Rate", "limit", "exceeded", "member", "Enter", "Esc", "Ctrl", "LTR", "SFT", "DPO", "KTO", "PPO", "RLOO",
    "GRPO", "English", "https", "wilson", "bootstrap", "Alice", "Kilim", "alice", "kilim",
    "example", "com", "AL",
}  # fmt: skip

# The words of the page itself: not what people and models wrote, nor names of machines.
CHROME = """() => {
    const theirs = "[lang=''], [dir=auto], bdi, pre, code, kbd, .mono";
    const said = [];
    for (const one of document.querySelectorAll("body *")) {
        if (!one.checkVisibility() || one.closest(theirs) || one.closest("script, style, svg")) continue;
        for (const node of one.childNodes) if (node.nodeType === Node.TEXT_NODE) said.push(node.data);
        if (one.closest("[aria-hidden=true]")) continue;
        for (const name of ["aria-label", "title", "placeholder", "alt"])
            if (one.hasAttribute(name)) said.push(one.getAttribute(name));
    }
    // A button that downloads names its file.
    return said.filter((one) => !one.includes("CSV")).join("\\n").match(/[A-Za-z][A-Za-z-]+/g) ?? [];
}"""


@pytest.fixture(scope="module")
def ours(owner: Client) -> tuple[str, str]:
    """The project, and who ranks in it."""
    return project(owner, "Kilim", pairs(NUM_PAIRS))


def looks_arabic(page: Page) -> None:
    """From right to left, no English left in it, and no wider than the window."""
    root = page.locator("html")
    expect(root).to_have_attribute("dir", "rtl")
    expect(root).to_have_attribute("lang", "ar")
    assert set(page.evaluate(CHROME)) - LATIN == set()
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_pair_is_ranked_by_the_key_under_the_choice(
    house: stack.Stack, owner: Client, ours: tuple[str, str], open_as: Callable[..., Page]
) -> None:
    slug, email = ours
    page = open_as(email, locale="ar")
    page.context.clear_cookies()
    page.goto(f"{house.url}/p/{slug}/annotate")
    page.locator("input[type=email]").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    cards = page.locator("article")
    expect(cards).to_have_count(2)
    looks_arabic(page)
    first, second = (cards.nth(index).bounding_box() for index in (0, 1))
    assert first is not None
    assert second is not None
    assert first["x"] > second["x"], "A is read first, so it stands on the right"
    steps = page.get_by_role("radio")
    places = [box["x"] for box in (step.bounding_box() for step in steps.all()) if box]
    assert places == sorted(places, reverse=True), "1 stands at A's end of the scale"
    assert [step.get_attribute("aria-keyshortcuts") for step in steps.all()] == list("1234567")
    page.keyboard.press("2")
    expect(steps.nth(1)).to_be_checked()
    page.keyboard.press("ArrowLeft")
    expect(steps.nth(2)).to_be_checked()
    page.keyboard.press("ArrowRight")
    expect(steps.nth(1)).to_be_checked()
    chosen = cards.nth(0).inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("save-state")).to_have_text("محفوظ")
    (judgment,) = owner.export(slug, "judgments")
    winner = next(one for one in judgment["responses"] if one["id"] == judgment["tiers"][0][0])
    assert winner["messages"][-1]["content"] in chosen
    assert judgment["strengths"] == [2]


PAGES = ["", "queue", "quality", "adjudicate", "review", "gold", "held", "protocol", "guidelines", "people",
         "import", "audit", "webhooks", "rounds", "runs", "models", "datasets"]  # fmt: skip


def test_the_pages_of_a_lead_are_arabic(
    house: stack.Stack, ours: tuple[str, str], open_as: Callable[..., Page]
) -> None:
    slug, _ = ours
    page = open_as("alice@example.com", locale="ar")

    def list_only_ours(route: Route) -> None:
        listed = (answer := route.fetch()).json()
        rows = [row for row in listed["results"] if row["slug"] == slug]
        route.fulfill(response=answer, json={**listed, "results": rows})

    def is_arabic(address: str) -> None:
        page.goto(house.url + address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        looks_arabic(page)

    page.route("**/api/projects?*", list_only_ours)
    is_arabic("/")
    page.unroute("**/api/projects?*")  # while there is a route, nothing comes from the browser's cache
    for address in ["/settings", *(f"/p/{slug}/{name}" for name in PAGES)]:
        is_arabic(address)


def test_a_chosen_language_stays_and_english_is_as_it_was(
    house: stack.Stack, ours: tuple[str, str], open_as: Callable[..., Page]
) -> None:
    _, email = ours
    page = open_as(email, locale="en-GB")
    page.goto(f"{house.url}/settings")
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    page.get_by_role("radiogroup", name="Language").get_by_text("العربية").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("الإعدادات")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("الإعدادات")
    page.get_by_text("English", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
