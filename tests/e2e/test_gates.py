"""What leads ask of everybody reaches the next task of whoever is at work."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deploy import stack
from rlhf.client import Client
from tests.e2e.desk import Desk, judgments
from tests.e2e.houses import add_member, pairs, project

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def test_a_version_that_must_be_read_comes_before_the_next_task(
    house: stack.Stack, owner: Client, open_as: Open
) -> None:
    slug, email = project(owner, "Reading", pairs(6))
    desk = Desk.open(open_as(email), house, slug)
    lead = open_as(add_member(owner, slug, "Reader", "lead"))
    lead.goto(f"{house.url}/p/{slug}/guidelines")
    lead.get_by_role("button", name="Write the guidelines").click()
    lead.get_by_label("Text, in Markdown").fill("Prefer the reply that is *true*.")
    lead.get_by_label("Everybody must read it").check()
    lead.get_by_role("button", name="Publish").click()
    expect(lead.get_by_role("heading", name="Version 1")).to_be_visible()
    # The three that were handed out before are still ranked; then nothing comes until it is read.
    for _ in range(3):
        desk.submit("1")
    expect(desk.page.get_by_text("Please read version 1 of the guidelines.")).to_be_visible()
    expect(desk.prompt).to_have_count(0)
    desk.press("1", "Enter")
    desk.page.reload()
    expect(desk.page.get_by_text("Prefer the reply that is true.")).to_be_visible()
    desk.page.get_by_role("button", name="I have read this version").click()
    expect(desk.prompt).to_be_visible()
    desk.submit("1")
    desk.is_saved()
    versions = [row["guideline_version"] for row in judgments(owner, slug).values()]
    assert sorted(versions, key=bool) == [None, None, None, 1]


def test_a_changed_protocol_is_tried_at_once_and_asked_of_the_next_task(
    house: stack.Stack, owner: Client, open_as: Open
) -> None:
    slug, email = project(owner, "Building", pairs(4))
    desk = Desk.open(open_as(email), house, slug)
    lead = open_as(add_member(owner, slug, "Builder", "lead"))
    lead.goto(f"{house.url}/p/{slug}/protocol")
    preview = lead.get_by_role("region", name="Preview")
    scale = preview.get_by_role("radiogroup", name="Which response is better?").get_by_role("radio")
    expect(scale).to_have_count(7)
    lead.get_by_role("button", name="Add a criterion").click()
    lead.get_by_role("group", name="Criterion").get_by_label("Label").fill("Kindness")
    expect(preview.get_by_role("radiogroup", name="Kindness of A")).to_be_visible()
    lead.get_by_role("switch", name="Strength").press("Space")
    expect(scale).to_have_count(3)
    lead.get_by_role("button", name="Save as version 2").click()
    expect(lead.get_by_role("table", name="Versions")).to_contain_text("Criteria: Kindness added")

    # Three were handed out before the change.
    for _ in range(3):
        expect(desk.page.get_by_role("radiogroup", name="Kindness of A")).to_have_count(0)
        desk.submit("7")
    expect(desk.page.get_by_role("radiogroup", name="Kindness of A")).to_be_visible()
    asked = desk.asked
    # A digit chooses, Enter leads to what is owed, two digits score, Enter submits.
    desk.press("3", "Enter", "4", "2")
    desk.finish()
    judgment = judgments(owner, slug)[asked]
    scores = sorted(judgment["criteria"]["kindness"].values())
    assert (judgment["protocol_version"], judgment["strengths"], scores) == (2, [], [2, 4])
