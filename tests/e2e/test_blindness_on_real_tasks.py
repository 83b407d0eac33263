"""Real responses of real models: all that comes with them, and not a word of theirs, leaves a program
guessing who wrote which."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest
from sklearn.feature_extraction import DictVectorizer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from deploy import stack
from rlhf.client import Client
from tests.e2e.authorship import Json, at_keyboard, judged, told_apart
from tests.e2e.houses import project

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "prefs"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not beside this checkout")

NUM_OF_SET = {"tulu": 210, "pandalm": 140}
CONFIDENCE = 0.95
NARROW_ENOUGH = 0.08
AT_ONCE = 5
FIRST_LETTERS = 24

Features = dict[str, float]


class Pair(NamedTuple):
    """Two responses to one prompt. Authors come in one order in all pairs, and are stored in it."""

    prompt: str
    texts: tuple[str, str]
    authors: tuple[str, str]


class Shown(NamedTuple):
    """One row for each response that an annotator was shown."""

    features: list[Features]
    is_first: np.ndarray
    task: np.ndarray
    authors: list[str]


def test_what_comes_with_real_responses_does_not_tell_their_authors(
    house: stack.Stack, owner: Client
) -> None:
    pairs = real_pairs()
    shown = shown_to_an_annotator(house, owner, "Real authors", pairs)
    guess = guessed(shown)
    print(f"\n{guess}; {len(shown.features[0])} numbers for each response")
    # The same forest is given what a careless server would tell: sizes with the author's name in them.
    leaking = [
        {**row, "own size": row["own size"] + len(author)}
        for row, author in zip(shown.features, shown.authors, strict=True)
    ]
    known = guessed(shown._replace(features=leaking))
    print(f"with the names in the sizes: {known}")
    assert known.low > 0.5
    assert guess.high - guess.low < 2 * NARROW_ENOUGH
    if not guess.low <= 0.5 <= guess.high:
        # One interval in twenty misses by chance; a leak is there again.
        guess = guessed(shown_to_an_annotator(house, owner, "Real authors again", pairs))
        print(f"again: {guess}")
    assert guess.low <= 0.5 <= guess.high


def guessed(shown: Shown) -> Any:
    table = DictVectorizer(sparse=False).fit_transform(shown.features)
    varied = table[:, table.std(axis=0) > 0]
    return told_apart(varied, shown.is_first, shown.task, confidence=CONFIDENCE)


# --- the tasks -----------------------------------------------------------------------------
def real_pairs() -> list[Pair]:
    """Of the Tülu human evaluation, where Tülu 65B meets three others, and of PandaLM's test set, where five
    models meet each other. Each pair once; pairs whose texts are equal or empty are no tasks."""
    tulu = (
        Pair(row["prompt"], (row["completion_a"], row["completion_b"]), (row["model_a"], row["model_b"]))
        for row in records("tulu_human_eval")
    )
    pandalm = (
        Pair(
            f"{row['instruction']}\n{row['input']}",
            (row["response1"], row["response2"]),
            tuple(row["cmp_key"].split("_")),
        )
        for row in records("pandalm_testset")
    )
    found: list[Pair] = []
    for name, pairs in (("tulu", tulu), ("pandalm", pandalm)):
        usable = (ordered(pair) for pair in pairs if len({text.strip() for text in pair.texts} - {""}) == 2)
        kept = {(pair.prompt, pair.authors): pair for pair in usable}
        found += list(kept.values())[: NUM_OF_SET[name]]
    assert len(found) == sum(NUM_OF_SET.values())
    return found


def records(name: str) -> Iterator[Json]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8", newline="\n") as lines:
        yield from map(json.loads, lines)


def ordered(pair: Pair) -> Pair:
    """Tülu 65B is the first wherever it is; of all others, the alphabet decides."""
    if min(pair.authors, key=lambda author: (author != "tulu_65B", author)) == pair.authors[0]:
        return pair
    return Pair(pair.prompt, pair.texts[::-1], pair.authors[::-1])


def imported(owner: Client, slug: str, pairs: list[Pair]) -> None:
    written = (zip(pair.texts, pair.authors, strict=True) for pair in pairs)
    rows = [
        {"prompt": pair.prompt, "responses": [{"text": text, "generator": author} for text, author in both]}
        for pair, both in zip(pairs, written, strict=True)
    ]
    owner.import_rows(slug, rows)


# --- what an annotator's browser gets --------------------------------------------------------
class Socket:
    """All that comes over the project's WebSocket: when, and what."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, str]] = []

    @contextmanager
    def listening(self, house: stack.Stack, session: httpx.Client, slug: str) -> Iterator[None]:
        cookie = {"Cookie": f"sessionid={session.cookies['sessionid']}"}
        address = f"{house.url.replace('http', 'ws', 1)}/ws/projects/{slug}"
        with connect(address, origin=house.url, additional_headers=cookie) as connection:  # type: ignore[arg-type]
            thread = threading.Thread(target=self._listen, args=(connection,), daemon=True)
            thread.start()
            yield
        thread.join(timeout=10)

    def _listen(self, connection: ClientConnection) -> None:
        try:
            for message in connection:
                self.heard.append((time.monotonic(), str(message)))
        except ConnectionClosed:
            pass

    def numbers(self, asked_at: float) -> Features:
        """Of what came so far: how much, how large, what the last one said and how old it is."""
        last_at, last = self.heard[-1] if self.heard else (asked_at, "{}")
        size = sum(len(message) for _, message in self.heard)
        so_far = {"messages": len(self.heard), "bytes": size, "age": asked_at - last_at}
        return so_far | numbers(json.loads(last), "last")


def shown_to_an_annotator(house: stack.Stack, owner: Client, name: str, pairs: list[Pair]) -> Shown:
    slug, email = project(owner, name, [])
    imported(owner, slug, pairs)
    of_texts = {frozenset(text.strip() for text in pair.texts): pair for pair in pairs}
    rows: list[Features] = []
    authors: list[str] = []
    first: list[bool] = []
    with at_keyboard(house, email) as session, (socket := Socket()).listening(house, session, slug):
        began = time.monotonic()
        while True:
            asked_at = time.monotonic()
            answer = session.post(f"/api/projects/{slug}/assignments/next", json={"count": AT_ONCE})
            came = {"waited": time.monotonic() - asked_at, "since": asked_at - began}
            if not (offered := answer.json()["assignments"]):
                break
            with_all = came | numbers(headers_beside(answer, offered), "head") | socket.numbers(asked_at)
            for assignment in offered:
                texts = [response["messages"][0]["content"].strip() for response in assignment["responses"]]
                pair = of_texts[frozenset(texts)]
                rows += beside_texts(assignment, with_all | receipt(session, assignment))
                for text in texts:
                    place = [own.strip() for own in pair.texts].index(text)
                    authors.append(pair.authors[place])
                    first.append(place == 0)
    # The gate keeps back what names its model.
    held = owner.get(f"/api/projects/{slug}/counts")["held"]
    assert len(rows) == 2 * (len(pairs) - held)
    return Shown(rows, np.array(first), np.arange(len(rows)) // 2, authors)


def receipt(session: httpx.Client, assignment: Json) -> Features:
    """What a judgment is answered with, and how fast."""
    sent_at = time.monotonic()
    said = session.post(f"/api/assignments/{assignment['id']}/submit", json=judged(assignment))
    assert said.status_code == 201, said.text
    return {"stored in": time.monotonic() - sent_at} | numbers(said.json(), "receipt")


def headers_beside(answer: httpx.Response, offered: list[Json]) -> Json:
    """The headers, and the size less that of all texts in it."""
    assert answer.headers.get("content-encoding", "identity") == "identity", "its size says nothing clear"
    texts = [
        message["content"]
        for assignment in offered
        for part in (assignment["prompt"], *assignment["responses"])
        for message in part["messages"]
    ]
    return {**answer.headers, "content-length": len(answer.content) - sum(map(size_in_json, texts))}


def size_in_json(text: str) -> int:
    escaped = json.dumps(text, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return len(escaped.encode())


def beside_texts(assignment: Json, with_all: Features) -> list[Features]:
    """All numbers that come with each response, also against the other's, and times its place, so that one
    may depend on the other."""
    own = [of_response(response) for response in assignment["responses"]]
    rest = {name: value for name, value in assignment.items() if name != "responses"}
    rest["prompt"] = {**rest["prompt"], "messages": len(rest["prompt"]["messages"])}
    of_task = numbers(rest, "task") | with_all
    return [
        {"place": place}
        | mine
        | {f"{name}, less the other's": mine[name] - own[1 - place].get(name, 0) for name in mine}
        | of_task
        | {f"{name}, by place": place * value for name, value in of_task.items()}
        for place, mine in enumerate(own)
    ]


def of_response(response: Json) -> Features:
    bare = {**response, "messages": [{**message, "content": ""} for message in response["messages"]]}
    return numbers(bare, "own") | {"own size": len(json.dumps(bare))}


def numbers(value: Any, name: str) -> Features:
    """Whatever JSON holds, as numbers by where they stand; of a text its length and its first letters."""
    if isinstance(value, dict):
        return {path: n for key, of in value.items() for path, n in numbers(of, f"{name}.{key}").items()}
    if isinstance(value, list):
        inside = {path: n for at, of in enumerate(value) for path, n in numbers(of, f"{name}.{at}").items()}
        return {name: len(value)} | inside
    if isinstance(value, str):
        letters = {f"{name}.{at}": ord(letter) for at, letter in enumerate(value[:FIRST_LETTERS])}
        return {name: len(value)} | letters
    return {name: -1.0 if value is None else float(value)}
