"""Can a program tell who wrote a response? What it is shown, and how well it guesses."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

from deploy import stack
from tests.e2e.houses import PASSWORD

Json = dict[str, Any]
RESAMPLES = 2000


@contextmanager
def at_keyboard(house: stack.Stack, email: str) -> Iterator[httpx.Client]:
    """An annotator who is signed in, and free to look at every byte."""
    with httpx.Client(base_url=house.url, timeout=30) as session:
        session.get("/api/session")
        session.headers["Referer"] = f"{house.url}/"
        for _ in range(2):  # signing in changes the token
            session.headers["X-CSRFToken"] = session.cookies["csrftoken"]
            session.post("/api/session", json={"email": email, "password": PASSWORD})
        session.headers["X-CSRFToken"] = session.cookies["csrftoken"]
        yield session


def judged(assignment: Json) -> Json:
    tiers = [[response["key"]] for response in assignment["responses"]]
    token = assignment["lease_token"]
    return {"lease_token": token, "client_key": str(uuid.uuid4()), "tiers": tiers, "strengths": [2]}


@dataclass(frozen=True)
class Guess:
    """The area under the curve of guesses, its interval by bootstrap over tasks, and on how many."""

    auc: float
    low: float
    high: float
    num_tasks: int
    confidence: float

    def __str__(self) -> str:
        interval = f"{self.low:.3f} to {self.high:.3f}, {self.confidence:.1%} by bootstrap"
        return f"AUC {self.auc:.3f} ({interval}, n = {self.num_tasks} tasks)"


def told_apart(features: np.ndarray, is_first: np.ndarray, task: np.ndarray, *, confidence: float) -> Guess:
    """How well a forest tells which of two responses the first author wrote, on tasks that it did not
    learn from. Rows are responses; the two of one task follow each other."""
    forest = RandomForestClassifier(n_estimators=100, min_samples_leaf=5, random_state=7, n_jobs=1)
    scores = cross_val_predict(
        forest, features, is_first, groups=task, cv=GroupKFold(5), method="predict_proba"
    )[:, 1]
    # The share of all couples of a first and an other in which the first scores more.
    first, other = scores[is_first], scores[~is_first]
    wins = (first[:, None] > other) + (first[:, None] == other) / 2
    n = len(wins)
    drawn = np.random.default_rng(7).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    again = ((drawn @ wins) * drawn).sum(axis=1) / n**2
    low, high = np.quantile(again, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Guess(float(wins.mean()), float(low), float(high), n, confidence)
