"""axe-core finds nothing on the page where most time is spent; test_lead_pages looks at the lead's pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deploy import stack
from fixtures.browser import NARROW, RULES_IN, WIDE, violations
from rlhf.client import Client
from tests.e2e.desk import Desk
from tests.e2e.houses import pairs, project

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
CRITERION = {"key": "kind", "label": "Kind", "low": 1, "high": 5, "labels": {"1": "rude", "5": "warm"}}
MUCH = {"edit": "optional", "criteria": [CRITERION]}
FIVE = [{"prompt": "Which of five?", "responses": [f"Reply **{n}** with `code`." for n in range(5)]}]


@pytest.mark.parametrize(
    ("name", "rows", "asks", "keys"),
    [
        ("Axe pair", pairs(1), MUCH, ("6", "e", "Escape", "r")),
        ("Axe five", FIVE, MUCH, "31245"),
        ("Axe bare", pairs(1), {}, "6"),
    ],
)
def test_the_ranking_page_breaks_no_rule_of_axe(
    house: stack.Stack, owner: Client, open_as: Open, name: str, rows: list, asks: dict, keys: tuple[str, ...]
) -> None:
    slug, email = project(owner, name, rows, **asks)
    desk = Desk.open(open_as(email, bypass_csp=True, reduced_motion="reduce"), house, slug)
    desk.press(*keys)
    for size in (WIDE, NARROW):
        desk.page.set_viewport_size(size)
        for scheme, rules in RULES_IN.items():
            desk.page.emulate_media(color_scheme=scheme)
            assert violations(desk.page, rules=rules) == [], (size, scheme)
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("?")
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    assert violations(desk.page) == []
