"""Keys and reading settings are one person's own, whichever browser they sit at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deploy import stack
from rlhf.client import Client
from tests.e2e.desk import Desk
from tests.e2e.houses import pairs, project

pytestmark = pytest.mark.browser


def choose(page: Page, setting: str, value: str) -> None:
    """In the reading settings; the server has heard of it."""
    page.get_by_role("button", name="Reading settings").click()
    with page.expect_response(lambda answer: answer.request.method == "PATCH" and answer.ok):
        page.get_by_role("radiogroup", name=setting).get_by_text(value).click()
    page.keyboard.press("Escape")


def test_keys_and_reading_settings_follow_their_person_to_another_browser(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    slug, email = project(owner, "Elsewhere", pairs(3))
    here = Desk.open(open_as(email), house, slug).page
    here.keyboard.press("?")
    here.get_by_role("button", name="Change keys").click()
    here.get_by_role("button", name="Key of “A is much better”").click()
    here.keyboard.press("s")
    here.get_by_role("button", name="Swap the two").click()
    here.keyboard.press("Escape")
    choose(here, "Typeface", "Sans")
    choose(here, "Appearance", "Dark")

    there = Desk.open(open_as(email), house, slug).page
    expect(there.get_by_role("radio", name="A is much better")).to_have_attribute("aria-keyshortcuts", "s")
    expect(there.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")

    # The later choice stands, also where the earlier one was made.
    choose(there, "Typeface", "Serif")
    here.reload()
    here.get_by_role("button", name="Reading settings").click()
    expect(here.get_by_role("radiogroup", name="Typeface").get_by_label("Serif")).to_be_checked()
    expect(here.get_by_role("radio", name="A is much better")).to_have_attribute("aria-keyshortcuts", "s")


def test_a_choice_made_while_the_server_is_away_is_told_when_it_is_back(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    slug, email = project(owner, "Away", pairs(3))
    page = Desk.open(open_as(email), house, slug).page
    page.route("**/api/me/preferences", lambda route: route.abort())
    page.get_by_role("button", name="Reading settings").click()
    with page.expect_event("requestfailed"):
        page.get_by_role("radiogroup", name="Typeface").get_by_text("Sans").click()
    page.unroute("**/api/me/preferences")
    with page.expect_response(lambda answer: answer.request.method == "PATCH" and answer.ok):
        page.reload()
    other = Desk.open(open_as(email), house, slug).page
    other.get_by_role("button", name="Reading settings").click()
    expect(other.get_by_role("radiogroup", name="Typeface").get_by_label("Sans")).to_be_checked()
