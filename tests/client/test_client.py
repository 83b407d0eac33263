from __future__ import annotations

import gzip
import hashlib
import json
import time

import pytest

from rlhf.client import ApiError, Client


def test_token_is_sent(server):
    Client(server.url, token="pl_secret").get("/api/projects", page_size=5, cursor=None)
    (request,) = server.received
    assert request.headers["Authorization"] == "Bearer pl_secret"
    assert request.path == "/api/projects?page_size=5"


def test_login_sends_the_newest_csrf_token(server):
    server.answers = [
        (200, {"user": None}, {"Set-Cookie": "csrftoken=first; Path=/"}),
        (200, {"user": {}}, {"Set-Cookie": "csrftoken=rotated; Path=/"}),
        (200, {}),
    ]
    client = Client(server.url).login("alice@example.com", "pw")
    client.post("/api/projects", {"name": "x"})
    _, login, create = server.received
    assert login.headers["X-CSRFToken"] == "first"
    assert create.headers["X-CSRFToken"] == "rotated"
    assert create.headers["Referer"].startswith(server.url)


def test_error_carries_the_servers_words(server):
    server.answers = [
        (
            400,
            {"code": "bad_spec", "message": "The spec is wrong.", "fields": {"beta": ["Must be positive."]}},
        )
    ]
    with pytest.raises(ApiError) as caught:
        Client(server.url).post("/api/runs", {})
    error = caught.value
    assert (error.status, error.code, error.fields) == (400, "bad_spec", {"beta": ["Must be positive."]})
    assert str(error) == "The spec is wrong. (beta: Must be positive.)"


def test_error_page_without_json_is_still_one_sentence(server):
    server.answers = [(404, b"<html>not here</html>")]
    with pytest.raises(ApiError, match="GET /api/nowhere failed with status 404"):
        Client(server.url).get("/api/nowhere")


def test_answer_that_is_not_json_asks_for_the_address(server):
    server.answers = [(200, b"<html></html>")]
    with pytest.raises(ApiError, match="address of a Plumbline server"):
        Client(server.url).get("/api/projects")


def test_unreachable_server_is_named():
    with pytest.raises(ApiError, match="did not answer") as caught:
        Client("http://127.0.0.1:9", retry_seconds=0).get("/api/projects")
    assert caught.value.is_unreachable


def test_lost_answers_are_asked_for_again(server):
    server.answers = [None, (503, {}), (200, {"ok": True})]
    assert Client(server.url).get("/api/projects") == {"ok": True}
    assert len(server.received) == 3


SLOW_DOWN = {"code": "throttled", "message": "Too fast: wait 1 seconds and go on.", "fields": {}}


def test_who_is_too_fast_waits_as_long_as_the_server_says(server):
    server.answers = [(429, SLOW_DOWN, {"Retry-After": "1"}), (201, {"id": 1})]
    began = time.monotonic()
    assert Client(server.url, retry_seconds=0).launch_run("support", {"kind": "sft"}) == {"id": 1}
    assert 1 <= time.monotonic() - began < 5
    assert server.received[0].body == server.received[1].body


@pytest.mark.parametrize("headers", [{"Retry-After": "300"}, {"Retry-After": "soon"}, {}])
def test_nobody_waits_for_longer_than_they_will_or_without_knowing_how_long(server, headers):
    server.answers = [(429, SLOW_DOWN, headers)]
    with pytest.raises(ApiError, match="Too fast") as caught:
        Client(server.url).post("/api/session", {})
    assert (caught.value.status, len(server.received)) == (429, 1)


def test_waiting_again_and_again_ends(server):
    server.answers = [(429, SLOW_DOWN, {"Retry-After": "0"})]
    with pytest.raises(ApiError, match="Too fast"):
        Client(server.url, max_wait_seconds=1.0).get("/api/projects")
    assert len(server.received) == 3


def test_submit_repeats_the_same_client_key(server):
    server.answers = [None, (201, {"judgment": 1})]
    Client(server.url).submit("a-1", lease_token=3, tiers=[["x"], ["y"]], strengths=[2])
    first, second = server.received
    assert first.body == second.body
    assert first.json["client_key"]


def test_launching_a_run_is_never_sent_twice(server):
    server.answers = [None, (201, {"id": 1})]
    with pytest.raises(ApiError):
        Client(server.url).launch_run("support", {"kind": "sft"})
    assert len(server.received) == 1


def test_import_streams_rows_with_a_length(server, tmp_path):
    rows = [{"prompt": "Où est-il ?", "responses": ["a", "b"]}, {"prompt": "q"}]
    client = Client(server.url)
    client.import_rows("support", rows, dry_run=True)
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress("\n".join(json.dumps(row) for row in rows).encode()))
    client.import_rows("support", packed, skip_bad_rows=True)
    plain, unpacked = server.received
    assert plain.path == "/api/projects/support/imports?dry_run=1"
    assert unpacked.path == "/api/projects/support/imports?skip_bad_rows=1"
    for request in (plain, unpacked):
        assert request.headers["Content-Type"] == "application/x-ndjson"
        assert int(request.headers["Content-Length"]) == len(request.body)
        assert [json.loads(line) for line in request.body.splitlines()] == rows


def test_import_is_sent_whole_again_after_a_lost_answer(server):
    server.answers = [None, (200, {"rows": 1})]
    Client(server.url).import_rows("support", [{"prompt": "q"}])
    first, second = server.received
    assert first.body == second.body == b'{"prompt": "q"}\n'


def test_unreadable_file_is_one_sentence():
    with pytest.raises(ApiError, match=r"Cannot read /no/such/file: No such file or directory\."):
        Client("http://127.0.0.1:9").import_rows("support", "/no/such/file")


def test_lists_are_read_page_by_page(server):
    server.answers = [
        (200, {"results": [{"id": 1}], "next": "abc"}),
        (200, {"results": [{"id": 2}], "next": None}),
    ]
    assert [row["id"] for row in Client(server.url).all("/api/projects")] == [1, 2]
    assert server.received[1].path == "/api/projects?cursor=abc"


def test_export_streams_rows(server):
    server.answers = [(200, b'{"id": 1}\n{"id": 2}\n')]
    assert [row["id"] for row in Client(server.url).export("support")] == [1, 2]


def test_damaged_download_is_fetched_again_and_never_kept(server, tmp_path):
    whole = b"weights"
    server.answers = [(200, b"weighty"), (200, whole)]
    target = tmp_path / "deep" / "model.safetensors"
    client = Client(server.url)
    client.http.download("/f", target, sha256=hashlib.sha256(whole).hexdigest())
    assert target.read_bytes() == whole
    assert list(target.parent.iterdir()) == [target]


def test_wait_for_run_returns_the_finished_run(server):
    server.answers = [(200, {"state": "running"}), (200, {"state": "failed", "error": "No rows."})]
    run = Client(server.url).wait_for_run(7, timeout=5, poll_seconds=0.01)
    assert run["error"] == "No rows."


def test_wait_for_run_gives_up(server):
    server.answers = [(200, {"state": "running"})]
    with pytest.raises(TimeoutError, match="still running"):
        Client(server.url).wait_for_run(7, timeout=0.05, poll_seconds=0.01)
