"""The same texts for both servers: as long as a short chat, each prompt unlike every other."""

from __future__ import annotations

FILLER = "It depends on what you want to do with it, so here is what I would look at first and why. "


def texts_of(number: int) -> tuple[str, str, str]:
    """Prompt and two responses of task `number`."""
    return (
        f"Question {number}: how do I choose between the two?",
        f"First reply to {number}. " + FILLER * 3,
        f"Second reply to {number}. " + FILLER * 5,
    )
