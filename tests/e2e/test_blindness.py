"""Nobody who judges learns who wrote what: not from a byte that reaches their browser, nor by statistics."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Response, WebSocket, expect

from deploy import stack
from fixtures.browser import signed_in
from rlhf.client import Client
from tests.e2e.authorship import at_keyboard, judged, told_apart
from tests.e2e.desk import Desk
from tests.e2e.houses import CHEAP_PASSWORDS, PASSWORD, project, sign_up

pytestmark = pytest.mark.browser

Json = dict[str, Any]

# --- every byte ----------------------------------------------------------------------------
TEXTS = (
    ("It left this morning.", "It left this morning, and with a little luck you will have it before Friday."),
    ("No.", "I am sorry, we do not.", "Nobody does, as far as we know; a letter may help."),
    ("Press the left button for ten seconds.", "Read the manual."),
    ("With vinegar, once.", "Descaling is done with vinegar and water, boiled once."),
)
GENERATORS = ("first-policy", "second-policy", "third-policy")
# What no author can influence: names drawn at random, the time, and how fast this test is.
RANDOM = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "UUID",
    r'(?<="key":")[\w-]{12}(?=")': "KEY",
    r'(?<=[\[,]")[\w-]{12}(?="[\],])': "KEY",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)": "TIME",
    r'("\w*seconds\w*":)("?)[\d.]+\2': r"\1SECONDS",
    r'("csrf_token":")\w+': r"\1TOKEN",
    r'(nonce[=-]"?)[\w+/=-]+': r"\1NONCE",
    r"(?<=127\.0\.0\.1:)\d+": "PORT",
}
RANDOM_HEADERS = {"date", "expires", "content-length", "set-cookie"}
# Sent or not as the milliseconds fall; answered by a revision, or a time.
NOW_AND_THEN = ("/draft", "/heartbeat")


class Heard:
    """All that reaches a page: bodies and headers by address, and what comes over its sockets."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._answers: list[tuple[str, str]] = []
        self._frames: list[str] = []
        page.on("response", self.hear)
        page.on("websocket", self._listen)

    def hear(self, response: Response) -> None:
        path = urlsplit(response.url).path
        if path.startswith("/assets/") or path.endswith(NOW_AND_THEN):
            return
        headers = {
            name: said for name, said in sorted(response.headers.items()) if name not in RANDOM_HEADERS
        }
        body = "" if response.status == 204 else response.text()
        said = f"{response.status} {headers} {body}"
        self._answers.append((neutral(f"{response.request.method} {path}"), neutral(said)))

    def rest(self) -> None:
        """Wait for what is on its way: news leave within a quarter of a second, and are read soon after."""
        self._page.wait_for_timeout(1000)

    def everything(self) -> str:
        return json.dumps([self._answers, self._frames])

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self._frames.append(str(frame)))

    def news(self) -> set[tuple[Any, ...]]:
        """Without their numbers: how many come together is a matter of milliseconds."""
        messages = [json.loads(frame) for frame in self._frames]
        return {tuple(sorted((k, v) for k, v in one.items() if k != "seq")) for one in messages}

    def answers(self) -> dict[str, list[str]]:
        """By method and address. Of what a page asks again by itself when news come, the last; of requests
        for work, those that brought some: how many more there are is a matter of milliseconds."""
        found: dict[str, list[str]] = {}
        for address, said in self._answers:
            found.setdefault(address, []).append(said)
        return {
            address: [one for one in said if '"assignments":[]' not in one]
            if address.startswith("POST")
            else [said[-1]]
            for address, said in found.items()
        }


def neutral(text: str) -> str:
    for pattern, name in RANDOM.items():
        text = re.sub(pattern, name, text)
    return text


@contextmanager
def filled_house(folder: Path, authors: tuple[str, ...]) -> Iterator[tuple[stack.Stack, str, str]]:
    """Always the same texts and the same secret; `authors` wrote the first, second and third of each."""
    with stack.running(folder / "var", SECRET_KEY="the same in both", **CHEAP_PASSWORDS) as house:
        owner = sign_up(house)
        slug, email = project(owner, "Blind", [], edit="optional", demonstrations={"on": True})
        rows = [
            {
                "prompt": f"Question {n}?",
                "responses": [
                    {"text": text, "generator": author} for text, author in zip(texts, authors, strict=False)
                ],
                "arm": ("random", "evaluation")[n % 2],
            }
            for n, texts in enumerate(TEXTS)
        ]
        owner.import_rows(slug, rows)
        yield house, slug, email


def work_through(browser: Browser, house: stack.Stack, slug: str, email: str) -> Heard:
    """All that an annotator does in a day, one thing after the other."""
    page = signed_in(browser, house.url, email, PASSWORD)
    heard = Heard(page)
    menu = page.get_by_role("navigation", name="Main")
    page.goto(f"{house.url}/p/{slug}/")
    menu.get_by_role("link", name="Rank").click()
    desk = Desk(page)
    expect(desk.prompt).to_be_visible()
    for _ in TEXTS[:-1]:
        several = desk.response("C").count()
        with page.expect_response(lambda response: response.url.endswith("/assignments/next")):
            desk.submit(*("213" if several else "6"))
        desk.is_saved()
    desk.press("z")
    expect(page.get_by_text("You took this judgment back.")).to_be_visible()
    desk.submit("s", "1")
    desk.press("b", "Enter")
    expect(page.get_by_text("You have ranked everything you can.")).to_be_visible()
    desk.is_saved()
    heard.rest()
    for name in ("Guidelines", "Settings"):
        menu.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    heard.rest()
    page.goto(house.url)  # asks for the projects once more, when nothing moves any longer
    expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible()
    heard.rest()
    page.remove_listener("response", heard.hear)
    page.context.close()
    return heard


def test_authors_that_change_places_leave_all_that_a_browser_hears_as_it_was(
    browser: Browser, tmp_path: Path
) -> None:
    first, second, third = GENERATORS
    heard = []
    for name, authors in (("one", GENERATORS), ("other", (second, first, third))):
        with filled_house(tmp_path / name, authors) as (house, slug, email):
            traffic = work_through(browser, house, slug, email)
            heard.append((traffic.answers(), traffic.news()))
            assert not any(author in traffic.everything() for author in GENERATORS)
    (answers, news), (other_answers, other_news) = heard
    assert answers.keys() == other_answers.keys()
    for address, said in answers.items():
        assert said == other_answers[address], address
    assert news == other_news
    everything = json.dumps(answers)
    assert all(text in everything for texts in TEXTS for text in texts), "not every text was shown"


# --- statistics ----------------------------------------------------------------------------
NUM_TASKS = 240
# So wide that chance alone fails one run in a thousand.
CONFIDENCE = 0.999
NARROW_ENOUGH = 0.12


def test_what_comes_with_a_text_does_not_tell_its_author(house: stack.Stack, owner: Client) -> None:
    """A forest is shown all that comes with each response but its text: names, order, times, sizes."""
    slug, email = project(owner, "Statistics", [])
    for batch in (range(NUM_TASKS // 2), range(NUM_TASKS // 2, NUM_TASKS)):
        owner.import_rows(slug, [written_by_two(n) for n in batch])
    features, is_terse, task, lengths = shown_to(house, slug, email)
    found = told_apart(features, is_terse, task, confidence=CONFIDENCE)
    print(f"\n{found}")
    assert found.low <= 0.5 <= found.high
    assert found.high - found.low < 2 * NARROW_ENOUGH
    # The same forest does see a difference where there is one.
    known = told_apart(np.column_stack([features, lengths]), is_terse, task, confidence=CONFIDENCE)
    assert known.auc > 0.95


def written_by_two(n: int) -> Json:
    """The terse one is always stored first; the other writes much more."""
    terse = {"text": f"Yes, number {n}.", "generator": "terse"}
    wordy = {
        "text": f"Let me say at some length why number {n} will do. " * (2 + n % 3),
        "generator": "wordy",
    }
    return {"prompt": f"Is {n} enough?", "responses": [terse, wordy], "arm": ("random", "evaluation")[n % 2]}


def shown_to(house: stack.Stack, slug: str, email: str) -> tuple[np.ndarray, ...]:
    """One row for each response that this person is shown: what comes with it, whether the terse one
    wrote it, which task it belongs to, and how long it is."""
    rows, is_terse, tasks, lengths = [], [], [], []
    began = time.monotonic()
    with at_keyboard(house, email) as session:
        while True:
            asked_at = time.monotonic()
            answer = session.post(f"/api/projects/{slug}/assignments/next", json={"count": 5})
            came = [time.monotonic() - asked_at, asked_at - began]
            if not (offered := answer.json()["assignments"]):
                break
            for assignment in offered:
                texts = [response["messages"][0]["content"] for response in assignment["responses"]]
                beside = len(answer.content) - len(assignment["prompt"]["messages"][0]["content"])
                for place, response in enumerate(assignment["responses"]):
                    rows.append(
                        [*beside_text(assignment, response, place), beside - sum(map(len, texts)), *came]
                    )
                    is_terse.append(texts[place].startswith("Yes"))
                    tasks.append(len(tasks) // 2)
                    lengths.append(len(texts[place]))
                said = session.post(f"/api/assignments/{assignment['id']}/submit", json=judged(assignment))
                assert said.status_code == 201, said.text
    assert len(rows) == 2 * NUM_TASKS
    return np.array(rows, float), np.array(is_terse), np.array(tasks), np.array(lengths)


def beside_text(assignment: Json, response: Json, place: int) -> list[float]:
    """Numbers of what is random, ordered, timed or sized; products let a place depend on the rest."""
    keys = sorted(one["key"] for one in assignment["responses"])
    name = uuid.UUID(assignment["id"]).bytes
    key = [ord(letter) for letter in response["key"]]
    expires = float(re.sub(r"\D", "", assignment["expires_at"])[8:])
    own_size = len(json.dumps(response)) - len(json.dumps(response["messages"][0]["content"]))
    task_wide = [*name, assignment["lease_token"], expires, assignment["protocol_version"]]
    return [
        place, keys.index(response["key"]), own_size, *key, *task_wide, *(place * one for one in task_wide)
    ]  # fmt: skip
