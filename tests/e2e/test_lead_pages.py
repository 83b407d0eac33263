"""The lead's pages on a real installation: each is opened, looked through and used once."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy import stack
from fixtures import browser as windows
from rlhf.client import Client
from tests.e2e.houses import PASSWORD, add_member

pytestmark = [pytest.mark.browser]

Open = Callable[[str], Page]
"""Opens an address of the project."""
PEOPLE = ("Bob", "Carol", "Dan")
NUM_TASKS = 6
PAGES = (
    "queue", "quality", "quality?tab=agreement", "quality?tab=rules", "adjudicate", "review", "gold", "held",
    "protocol", "guidelines", "people", "people?tab=imported", "people?tab=invitations", "people?tab=teams",
    "people?tab=care", "import", "audit", "webhooks",
)  # fmt: skip


@pytest.fixture(scope="module")
def owner(house: stack.Stack, owner: Client) -> Client:
    """Alice's project: pairs that three people judged and part over, one of them held back."""
    slug = owner.post("/api/projects", {"name": "Tone", "overlap": 3})["slug"]
    path = f"/api/projects/{slug}"
    rows = [
        {
            "prompt": f"My kettle number {n} broke.",
            "responses": [f"Sorry, a new one comes. {n}", f"Pity. {n}"],
        }
        for n in range(NUM_TASKS)
    ]
    owner.import_rows(slug, rows)
    people = [
        Client(house.url).login(add_member(owner, slug, name, "annotator"), PASSWORD) for name in PEOPLE
    ]
    for place, person in enumerate(people):
        for _ in range(NUM_TASKS):
            for held in person.next_assignments(slug, count=1):
                keys = [response["key"] for response in held["responses"]]
                polite = "Sorry" in held["responses"][0]["messages"][0]["content"]
                # The last one prefers the other.
                order = keys if polite is (place < 2) else keys[::-1]
                person.submit(
                    held["id"], lease_token=held["lease_token"], client_key=str(uuid.uuid4()),
                    tiers=[[order[0]], [order[1]]], strengths=[2], active_seconds=9.0,
                )  # fmt: skip
    owner.import_rows(slug, [{"prompt": "Who are you?", "responses": ["I am GPT-4, by OpenAI.", "Support."]}])
    owner.import_rows(slug, [{"prompt": "Where is my order?", "responses": ["It left today.", "No idea."]}])
    people[0].next_assignments(slug, count=1)
    task = owner.get(f"{path}/quality/judgments")["results"][0]["task"]
    owner.post(f"{path}/quality/adjudications", {"task": task, "reason": "They part over it."})
    owner.post(f"{path}/quality/refresh", {})
    return owner


@pytest.fixture(scope="module")
def signed_in(browser: Browser, house: stack.Stack, owner: Client) -> Iterator[Page]:
    page = windows.signed_in(browser, house.url, "alice@example.com", PASSWORD, reduced_motion="reduce")
    yield page
    page.context.close()


@pytest.fixture
def at(signed_in: Page, house: stack.Stack) -> Open:
    signed_in.set_viewport_size(windows.WIDE)
    signed_in.emulate_media(color_scheme="light")

    def go(address: str) -> Page:
        signed_in.goto(f"{house.url}/p/tone/{address}")
        expect(signed_in.get_by_role("heading", level=1)).to_be_visible()
        expect(signed_in.get_by_label("Loading", exact=True)).to_have_count(0)
        return signed_in

    return go


@pytest.mark.parametrize("address", PAGES)
def test_each_page_fits_a_phone_and_every_control_has_a_name(at: Open, address: str) -> None:
    page = at(address)
    page.set_viewport_size(windows.NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    unnamed = """() => [...document.querySelectorAll("button, a[href]")]
        .filter((one) => one.checkVisibility() && one.ariaHidden !== "true")
        .filter((one) => !one.ariaLabel && !one.textContent.trim())
        .map((one) => one.outerHTML)"""
    assert page.evaluate(unnamed) == []
    # The ranking page's own cards, which the protocol's preview shows, are looked at there.
    for scheme, rules in windows.RULES_IN.items():
        page.emulate_media(color_scheme=scheme)
        assert windows.violations(page, exclude="[data-columns]", rules=rules) == [], scheme


def test_what_somebody_holds_is_taken_back(at: Open, owner: Client) -> None:
    page = at("queue")
    row = page.get_by_role("table", name="In hand").get_by_role("row").filter(has_text="Bob")
    expect(row).to_contain_text("in ")
    row.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Nobody holds a task now.")).to_be_visible()
    assert owner.get("/api/projects/tone/leases")["leases"] == []


def test_chosen_tasks_go_first(at: Open, owner: Client) -> None:
    page = at("queue?state=open")
    page.get_by_role("checkbox", name=re.compile(r"Choose task \d+")).first.check()
    page.get_by_role("button", name="Change 1 task").click()
    page.get_by_role("dialog").get_by_label("Priority").fill("7")
    page.get_by_role("dialog").get_by_role("button", name="Change").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("table", name="Tasks in the queue")).to_contain_text("7")
    assert 7 in [task["priority"] for task in owner.get("/api/projects/tone/tasks")["results"]]


def test_figures_carry_their_interval_and_a_pause_holds(at: Open, owner: Client) -> None:
    page = at("quality?measure=left_share")
    row = page.get_by_role("table", name="Annotators").get_by_role("row").filter(has_text="Carol")
    expect(row).to_contain_text(re.compile(rf"\d+\.\d%\s*[\d.]+–[\d.]+, n = {NUM_TASKS}"))
    row.get_by_role("button", name="Pause Carol").click()
    page.get_by_role("dialog").get_by_label("What they are told").fill("Let us talk first.")
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(row.get_by_role("button", name="Resume Carol")).to_be_visible()
    told = {one["name"]: one for one in owner.get("/api/projects/tone/quality/annotators")["annotators"]}
    assert told["Carol"]["paused_reason"] == "Let us talk first."


def test_an_adjudication_is_decided_by_keyboard(at: Open, owner: Client) -> None:
    page = at("adjudicate")
    page.get_by_role("link", name="Decide the next one").click()
    said = page.get_by_role("table", name="What each said")
    expect(said.get_by_role("row")).to_have_count(1 + len(PEOPLE))
    assert not re.search("|".join(PEOPLE), page.get_by_role("main").inner_text()), "opinions name nobody"
    texts = [page.get_by_role("article", name=f"Response {letter}") for letter in "AB"]
    tops = {text.evaluate("text => text.getBoundingClientRect().top") for text in texts}
    assert len(tops) == 1, "the texts stand side by side"
    preferred = texts[0].inner_text().splitlines()[-1]
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Adjudications")).to_contain_text("Decided")
    expect(page.get_by_role("link", name="Decide the next one")).to_have_count(0)
    [decision] = owner.export("tone", "comparisons", adjudicated="true")
    assert decision["chosen"][-1]["content"] == preferred


def test_a_judgment_is_returned_with_a_comment(at: Open, owner: Client) -> None:
    page = at("review")
    card = page.get_by_role("article", name=re.compile("by Dan")).first
    card.get_by_role("textbox").fill("Read the second response again.")
    card.get_by_role("button", name="Return").click()
    expect(page.get_by_text("Reviewer: Read the second response again.")).to_be_visible()


def test_a_new_criterion_shows_at_once_and_becomes_a_version(at: Open, owner: Client) -> None:
    page = at("protocol")
    page.get_by_role("button", name="Add a criterion").click()
    page.get_by_role("group", name="Criterion").get_by_label("Label").fill("Kindness")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Kindness")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_role("table", name="Versions")).to_contain_text("Criteria: Kindness added")
    protocol = owner.get("/api/projects/tone/protocol")
    assert (protocol["number"], protocol["protocol"]["criteria"][0]["key"]) == (2, "kindness")


def test_a_task_is_made_gold_by_letters(at: Open, owner: Client) -> None:
    page = at("gold?choose=true")
    page.get_by_role("link", name=re.compile("Give the answer")).first.click()
    page.get_by_role("radiogroup", name="Place of response A").get_by_text("2").click()
    page.get_by_role("radiogroup", name="Place of response B").get_by_text("1").click()
    page.get_by_role("button", name="Make it gold").click()
    expect(page.get_by_role("table", name="Gold tasks")).to_contain_text("B › A")


def test_what_is_held_back_is_released(at: Open, owner: Client) -> None:
    page = at("held")
    expect(page.get_by_role("table")).to_contain_text("Names its model: I am GPT-4, by OpenAI.")
    page.get_by_role("checkbox", name="Choose everything shown").check()
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_text("Nothing is held back.")).to_be_visible()
    assert owner.get("/api/projects/tone/counts")["held"] == 0


def test_a_link_and_a_secret_are_shown_once(at: Open, house: stack.Stack) -> None:
    page = at("people?tab=invitations")
    page.get_by_role("button", name="Invite by link").first.click()
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_label("The link")).to_have_value(re.compile("/join/"))
    page.get_by_role("button", name="Done").click()
    page = at("webhooks?add=true")
    page.get_by_label("Address").fill(f"{house.url}/api/health")
    page.get_by_label(re.compile("a run succeeded")).check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_label("The secret")).to_have_value(re.compile("^whsec_"))


def test_a_members_own_caps_are_shown_where_they_are_set(at: Open) -> None:
    page = at("people?search=carol")
    members = page.get_by_role("table", name="Members")
    expect(members).to_contain_text("as everybody")
    for told in ("Judgments a day: 7", "Judgments a day: 8"):
        page.get_by_role("button", name="Caps of Carol as annotator").click()
        dialog = page.get_by_role("dialog")
        if told.endswith("7"):
            dialog.get_by_role("combobox", name="Judgments a day").click()
            page.get_by_role("option", name="A cap of their own").click()
        dialog.get_by_label("Judgments a day, at most").fill(told[-1])
        dialog.get_by_role("button", name="Save").click()
        expect(members).to_contain_text(told)


def test_imported_workers_are_told_from_members_and_linked_to_them(at: Open, owner: Client) -> None:
    row = {"prompt": "Is it hot?", "chosen": "Yes.", "rejected": "No.", "worker": "w-17"}
    owner.import_rows("tone", [row])
    page = at("people")
    expect(page.get_by_role("table", name="Members")).not_to_contain_text("w-17")
    page = at("people?tab=imported")
    workers = page.get_by_role("table", name="Imported workers")
    expect(workers).to_contain_text("imported, no login")
    page.get_by_role("combobox", name="Which member w-17 is").click()
    page.get_by_role("option", name="Dan").click()
    expect(page.get_by_role("button", name="w-17 is not Dan")).to_be_visible()
    page = at("people?tab=imported&linked=no")
    expect(page.get_by_text("Nobody matches.")).to_be_visible()


def test_the_audit_log_filters_by_its_address(at: Open) -> None:
    page = at("audit?action=member.")
    log = page.get_by_role("table", name="Audit log")
    expect(log).to_contain_text("member.added")
    expect(log).not_to_contain_text("project.created")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert "member.added" in Path(download.value.path()).read_text()


def test_a_file_in_the_background_says_what_it_left_out(at: Open, owner: Client) -> None:
    page = at("import")
    rows = b'prompt,responses\nIs it late?,"[""Yes, sorry."", ""No.""]"\n,\n'
    page.locator("input[type=file]").set_input_files(
        {"name": "rows.csv", "mimeType": "text/csv", "buffer": rows}
    )
    expect(page.get_by_text(re.compile("B, imported in the background"))).to_be_visible()
    page.get_by_label("Import good rows even if others are bad").check()
    page.get_by_role("button", name="Import", exact=True).click()
    jobs = page.get_by_role("table", name="Imports in the background")
    expect(jobs).to_contain_text("Succeeded", timeout=30_000)
    with page.expect_download() as download:
        jobs.get_by_role("link", name="JSONL").click()
    assert "message" in Path(download.value.path()).read_text()


def test_an_annotator_is_led_to_none_of_these_pages(
    house: stack.Stack, owner: Client, open_as: Callable[[str], Page]
) -> None:
    page = open_as("bob@example.com")
    page.goto(f"{house.url}/p/tone/")
    menu = page.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link", name="Rank")).to_be_visible()
    for name in (
        "Queue",
        "Quality",
        "Adjudicate",
        "Review",
        "Gold",
        "Protocol",
        "People",
        "Audit",
        "Webhooks",
    ):
        expect(menu.get_by_role("link", name=name)).to_have_count(0)
    page.goto(f"{house.url}/p/tone/quality")
    expect(page.get_by_text("The figures could not be read.")).to_be_visible()
