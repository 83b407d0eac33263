"""The content security policy in a real browser: it bites, and no page of ours runs into it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deploy import stack
from fixtures.browser import NARROW, WIDE
from rlhf.client import Client
from tests.e2e.houses import PASSWORD, add_member

pytestmark = pytest.mark.browser

CODE = "It is $\\frac{x^2}{\\sqrt{y}}$:\n\n```python\ndef f(x):\n    return x * x\n```\n"
REPORT = "addEventListener('securitypolicyviolation', e => report(`${e.violatedDirective} ${e.blockedURI}`))"

# What a text might do if it were not made harmless before it is shown.
HARM = """() => {
  const add = (name, textContent) =>
    document.body.append(Object.assign(document.createElement(name), { textContent }));
  add("script", "harmed = 1");
  add("style", "b { color: red }");
  document.body.insertAdjacentHTML("beforeend", '<b style="color: red" onclick="1">b</b>');
  new Image().src = "https://elsewhere.example/pixel.png";
}"""


@pytest.fixture(scope="module")
def slug(owner: Client) -> str:
    """Three responses to place, then a pair to compare, with formulas and code."""
    slug = owner.post("/api/projects", {"name": "Policy", "overlap": 3})["slug"]
    rows = [
        {"prompt": "Square?", "responses": [CODE, CODE + "Or so.", "No $x$."], "priority": 9},
        {"prompt": "Root?", "responses": [CODE, CODE + "Or so."]},
    ]
    owner.import_rows(slug, rows)
    return slug


@pytest.fixture
def open_as(owner: Client, slug: str, open_as: Callable[..., Page]) -> Callable[..., tuple[Page, list[str]]]:
    """A new member's page, and what of it the policy has stopped so far."""

    def open_window(name: str, role: str, size: dict = WIDE) -> tuple[Page, list[str]]:
        page = open_as(add_member(owner, slug, name, role), viewport=size)
        stopped: list[str] = []
        page.expose_function("report", lambda said: stopped.append(said))
        page.add_init_script(REPORT)
        page.on("console", lambda said: "Content Security" in said.text and stopped.append(said.text))
        return page, stopped

    return open_window


def test_inline_scripts_and_styles_are_stopped(house: stack.Stack, slug: str, open_as: Callable) -> None:
    page, stopped = open_as("Policy1", "annotator")
    page.goto(f"{house.url}/p/{slug}/annotate")
    expect(page.get_by_role("region", name="Prompt")).to_be_visible()
    assert not stopped
    page.evaluate(HARM)
    page.wait_for_timeout(200)
    kinds = {said.split(" ")[0] for said in stopped}
    assert kinds >= {"script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr", "img-src"}
    assert page.evaluate("typeof harmed") == "undefined"


@pytest.mark.parametrize(("name", "size"), [("Policy2", WIDE), ("Policy3", NARROW)])
def test_ranking_page_runs_into_nothing(
    house: stack.Stack, slug: str, open_as: Callable, name: str, size: dict
) -> None:
    page, stopped = open_as(name, "annotator", size)
    page.goto(f"{house.url}/p/{slug}/annotate")
    expect(page.locator("article .katex").first).to_be_visible()
    expect(page.locator("article .hljs-keyword").first).to_be_visible()
    expect(page.get_by_role("complementary", name="Ranking")).to_be_visible()
    page.get_by_role("button", name="Reading settings").click()
    expect(page.get_by_role("radiogroup", name="Typeface")).to_be_visible()
    expect(page.get_by_role("dialog", name="Reading settings").locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    expect(page.locator("article ins").first).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("s")
    page.keyboard.press("0")
    expect(page.get_by_role("radiogroup", name="Which response is better?")).to_be_visible()
    assert not stopped


def test_signing_in_the_overview_and_a_leads_page_run_into_nothing(
    house: stack.Stack, slug: str, open_as: Callable
) -> None:
    page, stopped = open_as("Policy4", "owner")
    page.context.clear_cookies()
    page.goto(f"{house.url}/p/{slug}/")
    page.get_by_label("Email").fill("policy4@example.com")
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Policy")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("textbox", name="Search pages and actions")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Account of Policy4").click()
    page.get_by_role("menuitem", name="Dark").click()
    page.keyboard.press("Escape")
    page.goto(f"{house.url}/p/{slug}/queue")
    page.get_by_role("row").filter(has_text="Square").get_by_role("link").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(f"{house.url}/p/{slug}/protocol")
    expect(page.get_by_role("radiogroup", name="Which response is better?").first).to_be_visible()
    page.wait_for_timeout(1_500)
    assert not stopped
