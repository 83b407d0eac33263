"""A whole round with the real worker: a tiny model writes, someone ranks, it is trained and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlhf.client import Client
from tests.rlhf.houses import PASSWORD, House, wait_for
from tests.training.tiny import TOPICS, make_model

pytestmark = pytest.mark.training
MANAGE_DISPATCH = ("manage.py", "dispatch")


def rank_what_is_there(annotator: Client) -> None:
    """The shorter reply is the better one."""
    for assignment in annotator.next_assignments("support", count=10):
        by_length = sorted(assignment["responses"], key=lambda one: len(one["messages"][-1]["content"]))
        annotator.submit(
            assignment["id"],
            lease_token=assignment["lease_token"],
            client_key=assignment["id"],
            tiers=[[one["key"]] for one in by_length],
            strengths=[2],
        )


def test_a_round_runs_from_samples_to_the_next_rounds_samples(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    try:
        model = make_model(tmp_path / "tiny")
        prompts = [{"prompt": f"Where is my {topic}, number {n}?"} for topic in TOPICS for n in range(5)]
        house.client.import_rows("support", prompts)
        member = {"email": "bob@example.com", "name": "Bob", "role": "annotator", "password": PASSWORD}
        house.client.post("/api/projects/support/members", member)
        bob = Client(house.url).login("bob@example.com", PASSWORD)
        launched = house.client.launch_round(
            "support",
            {
                "policy": str(model),
                "judgments": 12,
                "sample": {"max_new_tokens": 8},
                "reward": {"max_steps": 2, "learning_rate": 1e-3},
                "dpo": {"max_steps": 2, "learning_rate": 1e-2},
                "evaluate": {"num_prompts": 6, "human_judgments": 3, "max_new_tokens": 8},
                "promote": "always",
            },
        )

        def look() -> dict:
            rank_what_is_there(bob)
            return house.client.round(launched["id"])

        with house.dispatcher(program=MANAGE_DISPATCH, LOCAL_WARM="1"):
            first = wait_for(look, lambda found: found["state"] != "running", seconds=400, every=1)
            assert first["state"] == "succeeded", first["error"]
            done = wait_for(look, lambda found: found["next_tasks"] is not None, seconds=120, every=1)
        assert first["policy_out"]["ref"] == "policy@1"
        judges = {row["judge"]: row["win_rate"]["n"] for row in first["evaluations"]}
        assert judges["reward_model"] == 6
        # Equal texts are no question for people, so there may be fewer tasks than wanted.
        assert 1 <= judges["people"] <= 3
        assert done["next_tasks"] > 0
    finally:
        house.stop()
