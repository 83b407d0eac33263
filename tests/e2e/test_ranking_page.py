"""The ranking page when things go wrong: the server dies, browsers change, models write to harm."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable

import psutil
import pytest
from playwright.sync_api import Page, expect

from deploy import stack
from rlhf.client import Client
from tests.e2e.desk import Desk
from tests.e2e.houses import pairs, project

pytestmark = pytest.mark.browser

NUM_SUBMISSIONS = 100
SLOWEST_S = 5.0  # on cores that other tests share
SPANS = [{"key": "wrong", "label": "Wrong"}, {"key": "kind", "label": "Kind"}]

# What a model may write to run, fetch, freeze or mislead.
HOSTILE = {
    "script": "<script>window.harmed = true</script> said the script",
    "handler": '<img src=x onerror="window.harmed = true"> <b onclick="harmed = 1">bold</b>',
    "svg": '<svg onload="window.harmed = true"><script>harmed = 1</script></svg>',
    "style": "<style>body { display: none }</style><link rel=stylesheet href=https://evil.example/x.css>",
    "frame": '<iframe src="https://evil.example/frame" srcdoc="<script>parent.harmed = 1</script>"></iframe>',
    "link": "[here](javascript:window.harmed=true) [data](data:text/html,<script>harmed=1</script>)",
    "image": '![spy](https://evil.example/pixel.png) ![x](x "onerror=harmed=1")',
    "reference": "![a][b]\n\n[b]: https://evil.example/ref.png\n\n<https://evil.example/auto>",
    "formula": r"$\href{javascript:window.harmed=1}{x}$ $\includegraphics{https://evil.example/m.png}$",
    "macro": r"$\def\x{\x\x}\x$ $\htmlClass{harm}{y}$ and $\unknown{z}$",
    "terminal": "\x1b[31mred\x1b[0m bell\x07 back\x08space",
    "bidi": "invoice\u202egpj.exe \u2066\u2067 left and right",
    "long word": "a" * 20_000,
    "megabyte": "語語語 " * 99_000,
    "one line": "x" * 399_000,
    "deep list": "\n".join("  " * depth + "- item" for depth in range(400)) + "\n" + "- " * 10_000 + "end",
    "deep quote": ">" * 10_000 + " quoted",
    "brackets": "[" * 20_000 + "*_`" * 5_000,
    "stars": "**a " * 20_000,
    "table": "|" * 5_000 + "\n" + "|-" * 5_000,
}


def kill_web(house: stack.Stack) -> None:
    web = house.child("deploy.serve")
    web.send_signal(signal.SIGKILL)
    psutil.wait_procs([web], timeout=10)


def test_a_hundred_submissions_arrive_once_though_the_server_dies(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    slug, email = project(owner, "Outage", pairs(NUM_SUBMISSIONS))
    page = open_as(email)
    desk = Desk.open(page, house, slug)
    # A second tab of the same person, which may send for the first one.
    beside = page.context.new_page()
    beside.goto(f"{house.url}/settings")
    page.bring_to_front()
    for number in range(NUM_SUBMISSIONS):
        if number in (30, 60):
            kill_web(house)
        desk.prompt.wait_for()
        asked = desk.asked
        desk.press(str(1 + number % 7), "Enter")
        if number == 31:
            # What is on its way survives the page as well.
            expect(page.get_by_test_id("save-state")).not_to_have_text("Saved")
            stack.wait_until_healthy(house)
            page.reload()
            desk.prompt.wait_for(timeout=60_000)
        else:
            expect(desk.prompt.filter(has_text=asked)).to_have_count(0, timeout=60_000)
    expect(page.get_by_test_id("save-state")).to_have_text("Saved", timeout=60_000)
    stack.wait_until_healthy(house)
    rows = list(owner.export(slug, "judgments"))
    assert len(rows) == NUM_SUBMISSIONS
    assert len({row["judgment"] for row in rows}) == NUM_SUBMISSIONS
    counts = owner.get(f"/api/projects/{slug}/counts")
    assert (counts["slots_open"], counts["slots_leased"], counts["slots_done"]) == (0, 0, NUM_SUBMISSIONS)


def test_a_draft_survives_a_reload_and_follows_its_person_to_another_browser(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    slug, email = project(owner, "Drafts", pairs(2))
    page = open_as(email)
    Desk.open(page, house, slug)
    page.keyboard.press("r")
    page.get_by_label("Comment on this judgment").fill("half a thought")
    with page.expect_response(lambda response: response.url.endswith("/draft") and response.ok):
        pass
    page.reload()
    page.get_by_role("region", name="Prompt").wait_for()
    page.keyboard.press("r")
    expect(page.get_by_label("Comment on this judgment")).to_have_value("half a thought")

    other = open_as(email)
    Desk.open(other, house, slug)
    other.keyboard.press("r")
    expect(other.get_by_label("Comment on this judgment")).to_have_value("half a thought")
    other.get_by_label("Comment on this judgment").fill("half a thought, and the rest")
    with other.expect_response(lambda response: response.url.endswith("/draft") and response.ok):
        pass
    # The first window overwrites nothing, and says that there is more.
    page.get_by_label("Comment on this judgment").fill("another thought")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    page.get_by_role("button", name="Take over what you said there").click()
    page.keyboard.press("r")
    expect(page.get_by_label("Comment on this judgment")).to_have_value("half a thought, and the rest")


def test_passages_are_marked_by_keys_and_by_mouse_in_code_points(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    text = "🙂 We are **very** sorry, 👩‍🚀 friend."
    rows = [{"prompt": "Mark it", "responses": [text, text + " Bye."]}]
    slug, email = project(owner, "Passages", rows, spans=SPANS)
    page = open_as(email)
    Desk.open(page, house, slug)
    page.get_by_text("very").first.dblclick()
    page.get_by_role("button", name="Kind").click()
    expect(page.locator("mark", has_text="very")).to_be_visible()
    page.keyboard.press("k")
    expect(page.get_by_role("group", name="Mark the passage as")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("1")
    expect(page.locator("mark")).to_have_count(2)
    page.get_by_label("Note on “Kind”").fill("warm")
    page.get_by_label("Note on “Kind”").press("Enter")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("save-state")).to_have_text("Saved")
    (judgment,) = owner.export(slug, "judgments")
    texts = {span["label"]: text[span["start"] : span["end"]] for span in judgment["spans"]}
    assert texts["kind"] == "very"
    assert re.fullmatch(r"(🙂 )?We( are)?|are( \*\*very)?", texts["wrong"]), texts
    assert {span["label"]: span["note"] for span in judgment["spans"]} == {"kind": "warm", "wrong": ""}


def test_keys_are_their_persons_own_and_never_shared(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    slug, email = project(owner, "Keys", pairs(3))
    page = open_as(email)
    Desk.open(page, house, slug)
    page.keyboard.press("?")
    page.get_by_role("button", name="Change keys").click()
    page.get_by_role("button", name="Key of “A is much better”").click()
    page.keyboard.press("s")
    page.get_by_role("button", name="Swap the two").click()
    expect(page.get_by_role("button", name="Key of “Skip”: 1.")).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_role("region", name="Prompt")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("radio", name="A is much better")).to_be_checked()
    expect(page.get_by_role("radio", name="A is much better")).to_have_attribute("aria-keyshortcuts", "s")


def test_hostile_output_shows_as_text_and_does_nothing(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    rows = [
        {"prompt": f"Case {name}", "responses": [text, "A plain answer."], "priority": 99 - n}
        for n, (name, text) in enumerate(HOSTILE.items())
    ]
    slug, email = project(owner, "Hostile", rows, spans=SPANS)
    page = open_as(email)
    strangers: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: strangers.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(dialog.message))
    Desk.open(page, house, slug)
    seen, slow = [], []
    for number in range(len(HOSTILE)):
        seen.append(page.get_by_role("region", name="Prompt").inner_text())
        # All at one moment: a text may be drawn anew while its colours or formulas come.
        page.evaluate("document.querySelectorAll('article [role=button]').forEach(link => link.click())")
        assert page.locator("article :is(script, iframe, svg, style, img, object, form, link)").count() == 0
        assert page.evaluate("window.harmed") is None
        page.keyboard.press("2")
        began = time.monotonic()
        page.keyboard.press("Enter")
        if number < len(HOSTILE) - 1:
            page.wait_for_function(
                "was => { const now = document.querySelector('[aria-label=Prompt]');"
                " return now && now.innerText !== was }",
                arg=seen[-1],
            )
            page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if time.monotonic() - began > SLOWEST_S:
                slow.append(
                    (page.get_by_role("region", name="Prompt").inner_text(), time.monotonic() - began)
                )
    assert len(set(seen)) == len(HOSTILE)
    assert slow == []
    assert errors == []
    assert [url for url in strangers if not url.startswith((house.url, "blob:"))] == []


def test_a_phone_has_everything_within_a_thumbs_reach(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    slug, email = project(owner, "Phone", pairs(3), spans=SPANS)
    page = open_as(email, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    Desk.open(page, house, slug)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("tab", name="B").tap()
    expect(page.get_by_role("tab", name="B")).to_have_attribute("aria-selected", "true")
    scale = page.get_by_role("radiogroup").bounding_box()
    assert scale is not None
    assert scale["y"] > 844 / 2
    dock = page.get_by_role("region", name="Your judgment")
    page.get_by_role("button", name="More").tap()
    expect(page.get_by_role("button", name="Skip", exact=True)).to_be_visible()
    assert dock.evaluate(
        "dock => [dock, ...dock.querySelectorAll('div')].every(e => e.scrollWidth <= e.clientWidth)"
    )
    page.get_by_role("button", name="More").or_(page.get_by_role("button", name="Less")).first.tap()
    page.get_by_role("radio", name="B is better").tap()
    page.get_by_role("button", name="Submit").tap()
    expect(page.get_by_test_id("save-state")).to_have_text("Saved")
    assert owner.get(f"/api/projects/{slug}/counts")["slots_done"] == 1


def test_the_system_prompt_is_open_at_first_where_the_protocol_says_so(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    messages = [{"role": "system", "content": "You sell kettles."}, {"role": "user", "content": "Hello?"}]
    rows = [{"messages": messages, "responses": ["Hello.", "Yes?"]}]
    for name, system_prompt in (("Open", "shown"), ("Folded", "folded")):
        slug, email = project(owner, name, rows, system_prompt=system_prompt)
        page = open_as(email)
        Desk.open(page, house, slug)
        text = page.get_by_role("region", name="Prompt").get_by_text("You sell kettles.")
        expect(text).to_have_count(int(system_prompt == "shown"))
        page.get_by_role("button", name=re.compile("system prompt", re.IGNORECASE)).click()
        expect(text).to_have_count(int(system_prompt == "folded"))


def test_the_first_task_has_its_places_though_they_are_fetched_apart(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    rows = [{"prompt": "Which one?", "responses": ["One.", "Two.", "Three."]}]
    slug, email = project(owner, "Places", rows)
    page = open_as(email)
    Desk.open(page, house, slug)
    places = page.get_by_role("complementary", name="Ranking")
    assert places.is_visible(), "the task and its places come at once: nothing moves"
    place = places.get_by_role("group", name="Place 1")
    places.get_by_role("button", name="Response B").hover()
    page.mouse.down()
    target = place.bounding_box()
    assert target is not None
    page.mouse.move(target["x"] + 60, target["y"] + 20, steps=8)
    page.mouse.up()
    expect(place).to_contain_text("B")


def test_what_is_asked_for_before_it_was_fetched_opens_and_gives_the_focus_back(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    slug, email = project(owner, "Soon", pairs(1))
    page = open_as(email)
    Desk.open(page, house, slug)
    button = page.get_by_role("button", name="Reading settings")
    button.click()
    expect(page.get_by_role("radiogroup", name="Typeface")).to_be_visible()
    expect(page.get_by_role("dialog", name="Reading settings").locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("radiogroup", name="Typeface")).to_have_count(0)
    expect(button).to_be_focused()
    # Nobody is told a name before there was a calm moment to fetch the means.
    page.wait_for_timeout(1_500)
    page.get_by_role("button", name="Show the keyboard").hover()
    expect(page.get_by_role("tooltip")).to_have_text("Keyboard")
