"""Ranking on a telephone, with a thumb: nothing here presses a key or moves a mouse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from deploy import stack
from fixtures.browser import NARROW
from rlhf.client import Client
from tests.e2e.desk import Desk, judgments
from tests.e2e.houses import pairs, project

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
TELEPHONE = {"viewport": NARROW, "has_touch": True, "is_mobile": True}


def test_pairs_are_ranked_by_tapping(house: stack.Stack, owner: Client, open_as: Open) -> None:
    slug, email = project(owner, "Thumb", pairs(2))
    desk = Desk.open(open_as(email, **TELEPHONE), house, slug)
    page = desk.page
    asked, a, b = desk.asked, desk.text("A"), desk.text("B")
    page.get_by_role("tab", name="B").tap()
    expect(desk.response("B")).to_be_in_viewport()
    page.get_by_role("radio", name="B is much better").tap()
    expect(page.get_by_role("tab", name="B")).to_contain_text("much better")
    page.get_by_role("button", name="Submit").tap()
    expect(desk.prompt).not_to_contain_text(asked)
    page.get_by_role("button", name="Both bad").tap()
    page.get_by_role("button", name="Submit").tap()
    desk.is_finished()
    stored = judgments(owner, slug)
    assert (stored[asked]["tiers"], stored[asked]["strengths"]) == ([[b], [a]], [3])
    assert sorted(row["verdict"] for row in stored.values()) == ["both_bad", "none"]


def test_five_responses_are_ranked_by_tapping_and_dragging(
    house: stack.Stack, owner: Client, open_as: Open
) -> None:
    rows = [{"prompt": "Which of five?", "responses": [f"Reply {n}." for n in range(5)]}]
    slug, email = project(owner, "Five thumbs", rows)
    desk = Desk.open(open_as(email, **TELEPHONE), house, slug)
    page = desk.page
    a, b, c, d, e = (desk.text(letter) for letter in "ABCDE")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for letter, place in (("A", 2), ("B", 1), ("C", 4), ("D", 4), ("E", 5)):
        page.get_by_role("button", name=f"Put {letter} in place {place}").tap()
    ranking = page.get_by_role("complementary", name="Ranking")
    expect(ranking.get_by_role("group", name="Place 4", exact=True)).to_contain_text("CD")
    drag(
        ranking.get_by_role("button", name="Response D"),
        ranking.get_by_role("group", name="Place 3", exact=True),
    )
    expect(ranking.get_by_role("group", name="Place 3", exact=True)).to_contain_text("D")
    page.wait_for_timeout(60)  # a click within 50 ms of a drop is taken for its end
    page.get_by_role("button", name="Submit").tap()
    desk.is_finished()
    assert judgments(owner, slug)["Which of five?"]["tiers"] == [[b], [a], [d], [c], [e]]


def drag(what: Locator, onto: Locator) -> None:
    """With a finger, through the browser's own touch events."""
    what.scroll_into_view_if_needed()
    start, end = what.bounding_box(), onto.bounding_box()
    assert start
    assert end
    finger = what.page.context.new_cdp_session(what.page)
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    to_x, to_y = end["x"] + end["width"] / 2, end["y"] + end["height"] / 2
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for part in (0.2, 0.6, 1.0):
        point = {"x": x + (to_x - x) * part, "y": y + (to_y - y) * part}
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        # As slowly as a finger: after a fling the browser swallows the next tap.
        what.page.wait_for_timeout(60)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
