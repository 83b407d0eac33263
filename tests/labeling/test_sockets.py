"""The pages' WebSockets: who may listen, and what they hear."""

import asyncio

import pytest
from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator

from labeling.core import live
from labeling.core.errors import Forbidden
from labeling.core.live import Event

# A socket gives its database connections back, so what a test stores must be committed.
pytestmark = pytest.mark.django_db(transaction=True)


def socket(path: str, client=None, origin: bytes = b"http://localhost") -> WebsocketCommunicator:
    from deploy.asgi import application

    headers = [(b"host", b"localhost"), (b"origin", origin)]
    if client is not None and client.cookies:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        headers.append((b"cookie", cookies.encode()))
    return WebsocketCommunicator(application, path, headers=headers)


async def close_code(path: str, client=None) -> int:
    communicator = socket(path, client)
    accepted, _ = await communicator.connect(timeout=5)
    assert accepted  # browsers cannot read the code of a refused handshake
    message = await communicator.receive_output(timeout=5)
    assert message["type"] == "websocket.close"
    return message["code"]


@pytest.mark.once
def test_a_member_hears_what_changes_in_the_project(as_bob, project):
    async def listen():
        communicator = socket("/ws/projects/support", as_bob)
        assert (await communicator.connect(timeout=5))[0]
        await communicator.send_to(text_data="not even JSON")
        group = f"project.{project.pk}"
        await live.send_to_layer(
            [Event(group, "queue", None), Event("project.999", "queue", None), Event(group, "runs", 7)]
        )
        heard = [await communicator.receive_json_from(timeout=5) for _ in range(2)]
        assert await communicator.receive_nothing()
        await communicator.disconnect()
        return heard

    first, second = async_to_sync(listen)()
    assert first == {"type": "changed", "topic": "queue", "id": None, "seq": first["seq"]}
    assert second == {"type": "changed", "topic": "runs", "id": 7, "seq": first["seq"] + 1}


@pytest.mark.once
def test_pages_of_one_project_hear_the_same_numbers(as_bob, as_operator, project):
    async def listen():
        pages = [socket("/ws/projects/support", client) for client in (as_bob, as_operator)]
        for page in pages:
            assert (await page.connect(timeout=5))[0]
        await live.send_to_layer([Event(f"project.{project.pk}", "rounds", 1)])
        heard = [await page.receive_json_from(timeout=5) for page in pages]
        for page in pages:
            await page.disconnect()
        return heard

    first, second = async_to_sync(listen)()
    assert first == second


def test_outsiders_strangers_and_unknown_projects_are_closed(as_charlie, as_bob, project):
    assert async_to_sync(close_code)("/ws/projects/support", as_charlie) == 4404
    assert async_to_sync(close_code)("/ws/projects/nothing", as_bob) == 4404
    assert async_to_sync(close_code)("/ws/projects/support") == 4401
    assert async_to_sync(close_code)("/ws/elsewhere", as_bob) == 4404


def test_a_resolver_decides_who_hears_a_run(as_bob, as_rita, rita, project, monkeypatch):
    def resolver(user, run_id):
        if user != rita:
            raise Forbidden("Not yours.")
        return run_id == 5

    monkeypatch.setitem(live._resolvers, "run", resolver)
    assert async_to_sync(close_code)("/ws/runs/5", as_bob) == 4403
    assert async_to_sync(close_code)("/ws/runs/6", as_rita) == 4404
    assert async_to_sync(close_code)("/ws/runs/" + "9" * 30, as_rita) == 4404

    async def listen():
        communicator = socket("/ws/runs/5", as_rita)
        assert (await communicator.connect(timeout=5))[0]
        await live.send_to_layer([Event("run.5", "metrics", 5)])
        heard = await communicator.receive_json_from(timeout=5)
        await communicator.disconnect()
        return heard

    assert async_to_sync(listen)()["topic"] == "metrics"


@pytest.mark.once
@pytest.mark.parametrize("origin", [b"http://evil.example.com", b"null"])
def test_other_sites_cannot_listen(as_bob, project, origin):
    async def connect():
        accepted, _ = await socket("/ws/projects/support", as_bob, origin=origin).connect(timeout=5)
        return accepted

    assert async_to_sync(connect)() is False


def test_a_slow_page_sees_a_gap_and_the_others_are_not_held_up(as_bob, project):
    """The layer drops what a full page cannot take; the numbers show that something is missing."""

    async def listen():
        group = f"project.{project.pk}"
        from channels.layers import get_channel_layer

        layer = get_channel_layer()
        slow = await layer.new_channel()
        await layer.group_add(group, slow)
        for number in range(150):
            await asyncio.wait_for(live.send_to_layer([Event(group, "runs", number)]), timeout=5)
        while not layer.channels[slow].empty():
            last = await layer.receive(slow)
            if slow not in layer.channels:
                break
        await live.send_to_layer([Event(group, "runs", 999)])
        after = await layer.receive(slow)
        return last["seq"], after["seq"]

    last, after = async_to_sync(listen)()
    assert after > last + 1


@pytest.mark.once
def test_an_open_page_is_a_present_person(as_bob, as_lena, project, published):
    async def visit():
        communicator = socket("/ws/projects/support", as_bob)
        assert (await communicator.connect(timeout=5))[0]
        for _ in range(100):
            here = (await asyncio.to_thread(as_lena.get, "/api/projects/support/presence")).json()
            if here["num_here"]:
                break
            await asyncio.sleep(0.02)
        await communicator.disconnect()
        return here

    here = async_to_sync(visit)()
    assert [(one["name"], one["page_open"], one["num_held"]) for one in here["people"]] == [("Bob", True, 0)]
    assert as_lena.get("/api/projects/support/presence").json()["num_here"] == 0
    assert [event.topic for event in published] == ["presence", "presence"]
