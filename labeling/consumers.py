"""The WebSockets of a project's page and of a run's page. They only say that something changed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils import timezone

from labeling.core import live
from labeling.core.errors import Forbidden, NotFound
from labeling.selectors import projects
from labeling.selectors.activity import PRESENCE_EVERY
from labeling.services import presence

NOT_SIGNED_IN, FORBIDDEN, NOT_FOUND = 4401, 4403, 4404


class ChangesConsumer(AsyncJsonWebsocketConsumer):
    """Sends `{"type": "changed", "topic", "id", "seq"}`. `seq` grows by one per group: a gap
    means that messages were lost and everything should be asked for again."""

    prefix: str
    group: str | None = None

    async def connect(self) -> None:
        refusal = await self._join()
        # Listening began before this: a page that reads all once it is open misses nothing.
        # Browsers cannot read the code of a refused handshake, so a refusal comes after accepting.
        await self.accept()
        if refusal:
            await self.close(refusal)

    async def _join(self) -> int | None:
        """Enter the group, or say with which code to close."""
        user = self.scope["user"]
        if not user.is_authenticated:
            return NOT_SIGNED_IN
        try:
            group = await database_sync_to_async(self._group)(user)
        except NotFound:
            return NOT_FOUND
        except Forbidden:
            return FORBIDDEN
        await self.channel_layer.group_add(group, self.channel_name)
        self.group = group
        return None

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is asked over this socket: what a page sends is ignored."""

    async def changed(self, event: dict[str, Any]) -> None:
        await self.send_json(event)

    def _group(self, user: Any) -> str:
        """The group's name if `user` may listen to it; runs in a thread."""
        object_id = self.object_id()
        if not live.may_listen(user=user, prefix=self.prefix, id=object_id):
            raise NotFound("There is nothing to listen to here.")
        return f"{self.prefix}.{object_id}"

    def object_id(self) -> int:
        raise NotImplementedError


class ProjectConsumer(ChangesConsumer):
    """While it is open, its person is present in the project."""

    prefix = "project"
    presence: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        await super().connect()
        if self.group:
            self.presence = asyncio.create_task(self._be_present(int(self.group.partition(".")[2])))

    async def disconnect(self, code: int) -> None:
        await super().disconnect(code)
        if self.presence is None or self.group is None:
            return
        self.presence.cancel()
        with suppress(asyncio.CancelledError):
            await self.presence
        await database_sync_to_async(presence.left)(
            user_id=self.scope["user"].pk, project_id=int(self.group.partition(".")[2])
        )

    async def _be_present(self, project_id: int) -> None:
        while True:
            await database_sync_to_async(presence.seen)(
                user_id=self.scope["user"].pk, project_id=project_id, now=timezone.now()
            )
            await asyncio.sleep(PRESENCE_EVERY.total_seconds())

    def object_id(self) -> int:
        return projects.id_of(slug=self.scope["url_route"]["kwargs"]["slug"])


class RunConsumer(ChangesConsumer):
    prefix = "run"

    def object_id(self) -> int:
        return int(self.scope["url_route"]["kwargs"]["run_id"])


class NoSuchSocket(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_FOUND)
