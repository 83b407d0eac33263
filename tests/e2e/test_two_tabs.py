"""One person works in two tabs of one browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deploy import stack
from rlhf.client import Client
from tests.e2e.desk import Desk, judgments
from tests.e2e.houses import pairs, project

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
NUM_TASKS = 10


def test_two_tabs_share_the_queue_and_say_nothing_twice(
    house: stack.Stack, owner: Client, open_as: Open
) -> None:
    slug, email = project(owner, "Two tabs", pairs(NUM_TASKS))
    one = Desk.open(open_as(email), house, slug)
    other = Desk.open(one.page.context.new_page(), house, slug)
    assert one.asked != other.asked
    other.press("r")
    other.page.get_by_label("Comment on this judgment").fill("Half a thought.")
    drafted = other.asked

    for _ in range(3):
        # While a tab loads, another that asks for work may get what it had: this one has asked.
        with one.page.expect_response(lambda response: response.url.endswith("/assignments/next")):
            one.submit("1")
    other.page.reload()
    expect(other.prompt).to_contain_text(drafted)
    other.submit("7")
    for desk in (one, other, one):
        desk.submit("1")
    other.is_saved()
    # What a closed tab had on its desk comes to the one that is left.
    other.page.close()
    for _ in range(NUM_TASKS - 8):
        one.submit("1")
    one.finish("1")

    stored = judgments(owner, slug)
    assert len(stored) == NUM_TASKS
    assert stored[drafted]["comment"] == "Half a thought."
    assert owner.get(f"/api/projects/{slug}/quality/judgments", everything=True)["results"]
    assert owner.get(f"/api/projects/{slug}/counts")["judgments"] == NUM_TASKS


def test_a_tab_without_tasks_says_whether_another_tab_or_another_person_has_them(
    house: stack.Stack, owner: Client, open_as: Open
) -> None:
    slug, email = project(owner, "Last tasks", [])
    owner.patch(f"/api/projects/{slug}", {"overlap": 2})
    owner.import_rows(slug, pairs(2))
    one = Desk.open(open_as(email), house, slug)
    other = Desk(one.page.context.new_page())
    other.page.goto(f"{house.url}/p/{slug}/annotate")
    expect(other.page.get_by_text("Your last tasks are open in another tab.")).to_be_visible()

    # Looking again changes nothing while the other tab is open; what a closed one had comes by itself.
    other.page.get_by_role("button", name="Look again").click()
    expect(other.page.get_by_text("Your last tasks are open in another tab.")).to_be_visible()
    one.page.close()
    expect(other.prompt).to_be_visible(timeout=30_000)
    other.submit("1")
    other.press("1", "Enter")
    expect(other.page.get_by_text("You have ranked everything you can.")).to_be_visible()
