"""Requests as they are written, for the API schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

KEY = "0d9b2a4e-6f0c-4a53-9a75-0f6f3b7f2c11"
FIRST, SECOND, THIRD = "pX3s9kQ0aZbt", "Jm2_hR71vLcd", "w8Tn-4YyEfGu"


def request(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


SUBMIT = [
    request(
        "A pair",
        {"lease_token": 1, "client_key": KEY, "tiers": [[FIRST], [SECOND]], "strengths": [2]},
    ),
    request(
        "A ranking with everything",
        {
            "lease_token": 1,
            "client_key": KEY,
            "tiers": [[FIRST], [SECOND, THIRD]],
            "strengths": [3],
            "criteria": {FIRST: {"helpful": 5}, SECOND: {"helpful": 2}, THIRD: {"helpful": 2}},
            "reasons": ["more-complete"],
            "comment": "The others leave out the second step.",
            "spans": [{"response": SECOND, "start": 14, "end": 31, "label": "wrong", "note": "It is 1912."}],
            "edit": {"text": "First unplug it. Then hold the button for ten seconds."},
            "active_seconds": 48.5,
        },
    ),
    request("Cannot judge", {"lease_token": 1, "client_key": KEY, "verdict": "cannot_judge"}),
    request(
        "A demonstration",
        {"lease_token": 1, "client_key": KEY, "demonstration": {"text": "Gladly: it opens at nine."}},
    ),
    request(
        "A correction",
        {"lease_token": 1, "client_key": KEY, "tiers": [[SECOND], [FIRST]], "corrects": 4711},
    ),
]
SKIP = [request("With a reason", {"lease_token": 1, "category": "language", "reason": "I read no Finnish."})]
UNDO = [request("Take it back", {"judgment": 4711, "reason": "Pressed the wrong key."})]
DRAFT = [request("The second save", {"revision": 1, "body": {"comment": "The first one"}})]
PROTOCOL = [
    request(
        "Criteria and edits",
        {
            "protocol": {
                "criteria": [
                    {
                        "key": "helpful",
                        "label": "Helpful",
                        "low": 1,
                        "high": 5,
                        "labels": {"1": "useless", "5": "solves it"},
                    }
                ],
                "reasons": {"choices": [{"key": "more-complete", "label": "More complete"}], "max": 3},
                "spans": [{"key": "wrong", "label": "Wrong"}],
                "edit": "optional",
            },
            "based_on": 1,
        },
    )
]
DEMONSTRATIONS = [
    request(
        "New prompts",
        {
            "reference": "first-hundred",
            "name": "First hundred",
            "prompts": [{"prompt": "How do I reset the router?", "licence": "cc-by-4.0"}],
            "overlap": 2,
        },
    ),
    request("Prompts that are there", {"reference": "second", "prompt_ids": [12, 13]}),
]
