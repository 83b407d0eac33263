"""Open-Assistant's trees, and its ranking events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labeling.messages import BadContent
from labeling.services.formats.base import Format, Options, Plain, Value, keys, need, plain, walk, word
from labeling.services.import_judgments import tiers_by_score

ROLES = {"prompter": "user", "assistant": "assistant"}


def trees(value: Value, options: Options) -> Iterator[Plain]:
    """A row for each of a person's messages that was answered: its replies as responses where they were
    ranked, and as demonstrations where people wrote them. Deleted branches are left out."""
    root = need(value, "prompt", dict)
    for above, node in walk(root, "replies"):
        path = [*above, node]
        if node.get("role") != "prompter" or any(one.get("deleted") for one in path):
            continue
        replies = [one for one in node.get("replies") or [] if _is_reply(one)]
        if not replies:
            if len(path) == 1:
                yield plain(value, messages=_messages(path))
            continue
        yield _row(value, path, replies)


def _is_reply(node: Mapping[str, Any]) -> bool:
    return node.get("role") == "assistant" and not node.get("deleted") and bool(node.get("text"))


def _row(value: Value, path: list[Value], replies: list[Any]) -> Plain:
    ranked = [one for one in replies if isinstance(one.get("rank"), int)]
    events = [one for one in _events(path[-1]) if _ranks(one, replies)]
    fields: dict[str, Any] = {"messages": _messages(path)}
    if language := path[-1].get("lang"):
        fields["tags"] = [f"language:{language}"]
    if len(ranked) > 1:
        ranking = tiers_by_score([one["rank"] for one in ranked], descending=False)
        fields |= {
            "responses": [_response(one) for one in ranked],
            "judgments": [{"worker": "consensus", "ranking": ranking}],
        }
        ids = [one.get("message_id") for one in ranked]
        fields["judgments"] += [
            _event_judgment(event, ids) for event in events if set(event["ranked_message_ids"]) == set(ids)
        ]
        replies = [one for one in replies if one not in ranked]
    written = [one for one in replies if not one.get("synthetic")]
    fields["demonstrations"] = [_response(one) for one in written]
    return plain(value, **fields)


def _response(node: Mapping[str, Any]) -> dict[str, Any]:
    if node.get("synthetic"):
        return {"text": node["text"], "generator": word(node.get("model_name")) or "synthetic"}
    return {"text": node["text"], "by_person": True}


def _events(node: Value) -> list[Any]:
    """`events` is {"ranking": [event…]} in an export of everything, and absent in the public one."""
    events = node.get("events") or {}
    found = events.get("ranking", []) if isinstance(events, Mapping) else events
    return [one for one in found if isinstance(one, Mapping)]


def _ranks(event: Mapping[str, Any], replies: list[Any]) -> bool:
    ids = event.get("ranked_message_ids")
    known = {one.get("message_id") for one in replies}
    return isinstance(ids, list) and len(ids) > 1 and set(ids) <= known and not event.get("not_rankable")


def _event_judgment(event: Mapping[str, Any], ids: list[Any]) -> dict[str, Any]:
    ranking = [[ids.index(one) + 1] for one in event["ranked_message_ids"]]
    return {"worker": word(event.get("user_id")), "ranking": ranking}


def _messages(path: list[Value]) -> list[dict[str, Any]]:
    for one in path:
        if one.get("role") not in ROLES:
            raise BadContent("each message needs a role: prompter or assistant.")
    return [{"role": ROLES[one["role"]], "content": one.get("text")} for one in path]


FORMATS = [
    Format(
        "oasst",
        "message_tree_id, prompt with nested replies and their rank",
        keys("message_tree_id prompt"),
        trees,
        without=keys("responses"),
        accepts=lambda value: isinstance(value["prompt"], Mapping),
    )
]
