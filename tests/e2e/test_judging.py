"""All that can be said on the ranking page, said by keyboard and found in the project."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deploy import stack
from rlhf.client import Client
from tests.e2e.desk import Desk, judgments
from tests.e2e.houses import PASSWORD, pairs, project

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def test_signing_in_leads_to_the_page_that_was_asked_for(
    house: stack.Stack, owner: Client, open_as: Open
) -> None:
    slug, email = project(owner, "Door", pairs(1))
    page = open_as(email)
    page.context.clear_cookies()
    page.goto(f"{house.url}/p/{slug}/annotate")
    page.get_by_label("Email").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Prompt")).to_contain_text("Question 0?")


def test_a_pair_takes_a_strength_a_tie_or_a_verdict(house: stack.Stack, owner: Client, open_as: Open) -> None:
    slug, email = project(owner, "Pairs", pairs(6))
    desk = Desk.open(open_as(email), house, slug)
    said = {}
    for key in ("1", "5", "=", "b", "g", "x"):
        said[key] = (desk.asked, desk.text("A"), desk.text("B"))
        desk.finish(key) if len(said) == 6 else desk.submit(key)
    stored = judgments(owner, slug)
    kept = {
        key: (stored[asked]["tiers"], stored[asked]["strengths"], stored[asked]["verdict"])
        for key, (asked, _, _) in said.items()
    }
    (_, a, b) = said["1"]
    assert kept["1"] == ([[a], [b]], [3], "none")
    (_, a, b) = said["5"]
    assert kept["5"] == ([[b], [a]], [1], "none")
    for key, verdict in (("=", "none"), ("b", "both_bad"), ("g", "both_good")):
        [tied] = kept[key][0]
        assert (set(tied), kept[key][1:]) == (set(said[key][1:]), ([], verdict))
    assert kept["x"] == ([], [], "cannot_judge")


def test_what_was_submitted_is_taken_back_and_said_anew(
    house: stack.Stack, owner: Client, open_as: Open
) -> None:
    slug, email = project(owner, "Undo", pairs(2))
    desk = Desk.open(open_as(email), house, slug)
    asked, a, b = desk.asked, desk.text("A"), desk.text("B")
    desk.submit("1")
    desk.is_saved()
    desk.press("z")
    expect(desk.page.get_by_text("You took this judgment back.")).to_be_visible()
    assert (desk.asked, judgments(owner, slug)) == (asked, {})
    desk.submit("7")
    desk.finish("5")
    assert judgments(owner, slug)[asked]["tiers"] == [[b], [a]]


def test_a_skipped_task_goes_to_somebody_else(house: stack.Stack, owner: Client, open_as: Open) -> None:
    slug, email = project(owner, "Skip", pairs(2))
    desk = Desk.open(open_as(email), house, slug)
    asked = desk.asked
    desk.press("s", "2")
    expect(desk.prompt).not_to_contain_text(asked)
    desk.press("1", "Enter")
    expect(desk.page.get_by_text("You have ranked everything you can.")).to_be_visible()
    desk.is_saved()
    assert asked not in judgments(owner, slug)
    assert owner.get(f"/api/projects/{slug}/counts")["slots_open"] == 1


def test_the_winner_is_written_as_it_should_have_been(
    house: stack.Stack, owner: Client, open_as: Open
) -> None:
    slug, email = project(owner, "Edit", pairs(1), edit="optional")
    desk = Desk.open(open_as(email), house, slug)
    asked, b = desk.asked, desk.text("B")
    desk.press("6", "e")
    words = desk.page.get_by_label("B as it should have been")
    expect(words).to_have_value(b)
    words.fill(f"{b} Gladly.")
    desk.press("Control+Enter")
    desk.is_finished()
    written = judgments(owner, slug)[asked]["written"]
    assert written["messages"][-1]["content"] == f"{b} Gladly."
    assert written["edited_from"] is not None


def test_a_response_is_written_where_a_task_asks_for_one(
    house: stack.Stack, owner: Client, open_as: Open
) -> None:
    writing = {"on": True, "min_length": 20}
    slug, email = project(owner, "Writing", [], demonstrations=writing)
    asked = "How do I descale a kettle?"
    owner.post(f"/api/projects/{slug}/demonstrations", {"reference": "w", "prompts": [{"prompt": asked}]})
    desk = Desk.open(open_as(email), house, slug)
    words = desk.page.get_by_role("textbox", name="Your response")
    words.fill("With vinegar.")
    expect(desk.page.get_by_role("button", name="Submit")).to_be_disabled()
    words.fill("Boil it once with vinegar and water, then rinse it.")
    desk.press("Control+Enter")
    desk.is_finished()
    [written] = owner.export(slug, "demonstrations")
    assert written["completion"][-1]["content"] == "Boil it once with vinegar and water, then rinse it."


def test_five_responses_are_put_in_order_by_keys_alone(
    house: stack.Stack, owner: Client, open_as: Open
) -> None:
    rows = [{"prompt": "Which of five?", "responses": [f"Reply {n}." for n in range(5)]}]
    slug, email = project(owner, "Five keys", rows)
    desk = Desk.open(open_as(email), house, slug)
    a, b, c, d, e = (desk.text(letter) for letter in "ABCDE")
    # Digits place what has the focus, which then moves on; arrows go back to change a mind.
    desk.press("2", "1", "4", "2", "5")
    desk.press("ArrowLeft", "Backspace", "3")
    ranking = desk.page.get_by_role("complementary", name="Ranking")
    expect(ranking.get_by_role("group", name="Place 3", exact=True)).to_contain_text("D")
    for place, strength in ((1, "much"), (3, "slightly")):
        boundary = ranking.get_by_role("group", name=f"How much better is place {place} than the next?")
        boundary.get_by_role("button", name=strength).press("Space")
    desk.page.get_by_role("button", name="Submit").press("Enter")
    desk.is_finished()
    judgment = judgments(owner, slug)["Which of five?"]
    assert judgment["tiers"] == [[b], [a], [d], [c], [e]]
    assert judgment["strengths"] == [3, 2, 1, 2]
