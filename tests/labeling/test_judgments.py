"""What may be said, and what is stored of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.core.errors import Conflict, DomainError
from labeling.models import Assignment, Comparison, Judgment, Slot
from labeling.pairs import pairs_of
from labeling.services import judgments
from labeling.services.assignments import skip
from tests.labeling.factories import NOON, TONE, ask_for, fill_queue, judge, keys_of, next_of

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def held(project, bob) -> Assignment:
    fill_queue(project, 1)
    return next_of(bob, project)[0]


@pytest.fixture
def held_four(project, bob) -> Assignment:
    fill_queue(project, 1, num_responses=4)
    return next_of(bob, project)[0]


def ids_of(assignment: Assignment) -> list[int]:
    return [place["response"] for place in assignment.presented]


# --- storing ---------------------------------------------------------------------------


def test_a_judgment_stores_what_was_said_and_what_was_shown(project, bob):
    ask_for(project, reasons=TONE)
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    first, second = keys_of(held)
    submitted = judge(
        bob,
        held,
        tiers=[[second], [first]],
        strengths=[3],
        active_seconds=12.5,
        comment="Warmer.",
        reasons=["tone"],
    )
    judgment = Judgment.objects.get(pk=submitted.judgment_id)
    assert submitted.state == "accepted"
    assert judgment.tiers == [[id] for id in reversed(ids_of(held))]
    assert (judgment.strengths, judgment.comment, judgment.reasons) == ([3], "Warmer.", ["tone"])
    assert (judgment.active_seconds, judgment.surplus, judgment.created_at) == (12.5, False, NOON)
    assert judgment.presentation == {
        "order": ids_of(held),
        "hashes": [place["hash"] for place in held.presented],
        "guideline_version": 1,
        "protocol_version": 2,
    }
    held.refresh_from_db()
    assert (held.state, held.ended_at, held.slot.state) == ("submitted", NOON, "done")


def test_comparisons_follow_from_the_ranking(project, bob, held_four):
    a, b, c, d = keys_of(held_four)
    judge(bob, held_four, tiers=[[c], [a, d], [b]], strengths=[1, 3])
    one, two, three, four = ids_of(held_four)
    found = {
        (row.winner_id, row.loser_id): (row.is_tie, row.strength)
        for row in Comparison.objects.filter(project=project, arm="random")
    }
    assert found == {
        (three, one): (False, 1),
        (three, four): (False, 1),
        (three, two): (False, 3),
        (one, two): (False, 3),
        (four, two): (False, 3),
        tuple(sorted([one, four])): (True, 0),
    }


@pytest.mark.once
@pytest.mark.parametrize("verdict", ["both_good", "both_bad"])
@pytest.mark.parametrize("sent", ["one tier", "nothing"])
def test_both_good_and_both_bad_tie_everything(bob, held, verdict, sent):
    tiers = [keys_of(held)] if sent == "one tier" else []
    judgment = Judgment.objects.get(pk=judge(bob, held, tiers=tiers, verdict=verdict).judgment_id)
    assert (judgment.verdict, judgment.tiers) == (verdict, [ids_of(held)])
    assert Comparison.objects.get().is_tie


def test_cannot_judge_fills_the_slot_and_compares_nothing(bob, held):
    judgment = Judgment.objects.get(pk=judge(bob, held, tiers=[], verdict="cannot_judge").judgment_id)
    assert (judgment.tiers, Comparison.objects.count()) == ([], 0)
    held.slot.refresh_from_db()
    assert held.slot.state == "done"


def test_the_terms_shown_are_the_terms_judged_by(project, bob, held):
    """The protocol changed while the page was open: what was asked still counts."""
    project.protocol = {**project.protocol, "ties": False, "strength": False}
    project.protocol_version = 2
    project.save()
    judgment = Judgment.objects.get(pk=judge(bob, held, tiers=[keys_of(held)]).judgment_id)
    assert judgment.presentation["protocol_version"] == 1


# --- refusing --------------------------------------------------------------------------


def refused(bob, held, tiers, **said) -> DomainError:
    with pytest.raises(DomainError) as caught:
        judge(bob, held, tiers=tiers, **said)
    assert not Judgment.objects.exists()
    held.slot.refresh_from_db()
    assert held.slot.state == "leased"
    return caught.value


def test_every_response_is_ranked_exactly_once(bob, held):
    first, second = keys_of(held)
    assert "Not ranked" in refused(bob, held, [[first]]).message
    assert "ranked twice" in refused(bob, held, [[first], [second], [first]]).message
    assert "Not shown" in refused(bob, held, [[first], [second], ["mine"]]).message
    assert "tier is empty" in refused(bob, held, [[first], [], [second]]).message
    assert "Not ranked" in refused(bob, held, []).message


def test_response_ids_are_not_keys(bob, held):
    assert "Not shown" in refused(bob, held, [[str(id)] for id in ids_of(held)]).message


def test_keys_of_another_assignment_are_not_ours(project, bob, carol):
    fill_queue(project, 1, overlap=2)
    [his], [hers] = next_of(bob, project), next_of(carol, project)
    assert "Not shown" in refused(bob, his, [[key] for key in keys_of(hers)]).message


@pytest.mark.parametrize(("strengths", "word"), [([1, 1], "each of the 1"), ([2, 1, 3], "each of the 1")])
def test_one_strength_for_each_boundary(bob, held, strengths, word):
    error = refused(bob, held, [[key] for key in keys_of(held)], strengths=strengths)
    assert word in error.message
    assert "strengths" in error.fields


def test_the_protocol_decides_what_may_be_said(project, bob):
    switches = {name for name, value in project.protocol.items() if isinstance(value, bool)}
    project.protocol = {**project.protocol, **dict.fromkeys(switches, False)}
    project.save()
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    ranking = [[key] for key in keys_of(held)]
    assert "ties" in refused(bob, held, [keys_of(held)]).message
    assert "strength" in refused(bob, held, ranking, strengths=[1]).message
    assert "both_good" in refused(bob, held, [keys_of(held)], verdict="both_good").message
    assert "both_bad" in refused(bob, held, [keys_of(held)], verdict="both_bad").message
    assert judge(bob, held, tiers=ranking).state == "accepted"


def test_both_bad_is_one_tier(bob, held):
    assert "one tier" in refused(bob, held, [[key] for key in keys_of(held)], verdict="both_bad").message


# --- again, late, and corrected --------------------------------------------------------


def test_the_same_key_stores_one_judgment(bob, held):
    key = uuid4()
    first = judge(bob, held, client_key=key)
    again = judge(bob, held, client_key=key)
    assert (again.judgment_id, again.state, again.replayed) == (first.judgment_id, "accepted", True)
    assert Judgment.objects.count() == 1


def test_a_key_belongs_to_one_assignment(project, bob):
    fill_queue(project, 2)
    first, second = next_of(bob, project, count=2)
    key = uuid4()
    judge(bob, first, client_key=key)
    with pytest.raises(Conflict) as caught:
        judge(bob, second, client_key=key)
    assert caught.value.code == "client_key_reused"
    second.slot.refresh_from_db()
    assert second.slot.state == "leased"


def test_two_people_may_use_the_same_key(project, bob, carol):
    fill_queue(project, 1, overlap=2)
    key = uuid4()
    states = [judge(person, next_of(person, project)[0], client_key=key).state for person in (bob, carol)]
    assert states == ["accepted", "accepted"]


def test_a_correction_supersedes(bob, held):
    first, second = keys_of(held)
    before = judge(bob, held, tiers=[[first], [second]])
    key = uuid4()
    after = judge(bob, held, tiers=[[second], [first]], client_key=key, now=LATER)
    assert after.state == "corrected"
    assert judge(bob, held, tiers=[[second], [first]], client_key=key, now=LATER).state == "corrected"
    old, new = Judgment.objects.order_by("pk")
    assert (old.pk, old.superseded_at, new.supersedes_id) == (before.judgment_id, LATER, old.pk)
    assert (new.surplus, new.superseded_at) == (False, None)
    [comparison] = Comparison.objects.all()
    assert (comparison.judgment_id, comparison.winner_id) == (new.pk, ids_of(held)[1])


def test_corrections_form_a_chain(bob, held):
    for _ in range(4):
        judge(bob, held)
    assert Judgment.objects.filter(superseded_at=None).count() == 1
    assert Judgment.objects.filter(supersedes=None).count() == 1


def test_an_expired_lease_nobody_took_is_accepted(bob, held):
    assert judge(bob, held, now=LATER).state == "accepted"


@pytest.mark.once
def test_a_late_submit_is_kept_as_surplus(project, bob, carol, held):
    next_of(carol, project, now=LATER)
    key = uuid4()
    late = judge(bob, held, now=LATER, client_key=key)
    assert late.state == "surplus"
    assert Judgment.objects.get().surplus
    assert Comparison.objects.count() == 1
    assert judge(bob, held, now=LATER, client_key=key).state == "surplus"
    held.refresh_from_db()
    assert (held.state, held.slot.state) == ("surplus", "leased")


def test_a_late_submit_after_the_slot_is_done_is_surplus(project, bob, carol, held):
    [taken] = next_of(carol, project, now=LATER)
    assert judge(carol, taken, now=LATER).state == "accepted"
    assert judge(bob, held, now=LATER).state == "surplus"
    assert Judgment.objects.filter(superseded_at=None).count() == 2


def test_a_surplus_judgment_can_be_corrected_and_stays_surplus(project, bob, carol, held):
    next_of(carol, project, now=LATER)
    judge(bob, held, now=LATER)
    assert judge(bob, held, now=LATER).state == "corrected"
    assert Judgment.objects.get(superseded_at=None).surplus


def test_a_late_submit_beside_a_newer_lease_of_ones_own(project, bob, carol, held):
    """Kept as surplus; the judgment under the newer lease then is this person's last word."""
    [taken] = next_of(carol, project, now=LATER)
    skip(user=carol, assignment=taken, lease_token=taken.fence, reason="", now=LATER)
    [newer] = next_of(bob, project, now=LATER)
    assert newer.task_id == held.task_id
    late = judge(bob, held, now=LATER)
    held.refresh_from_db()
    assert (late.state, held.state) == ("surplus", "expired")
    last = judge(bob, newer, now=LATER)
    assert last.state == "corrected"
    newer.refresh_from_db()
    newer.slot.refresh_from_db()
    assert (newer.state, newer.slot.state) == ("submitted", "done")
    judgment = Judgment.objects.get(superseded_at=None)
    assert (judgment.pk, judgment.surplus) == (last.judgment_id, False)


def test_an_older_tab_has_the_last_word_too(project, bob, carol, held):
    [taken] = next_of(carol, project, now=LATER)
    skip(user=carol, assignment=taken, lease_token=taken.fence, reason="", now=LATER)
    [newer] = next_of(bob, project, now=LATER)
    judge(bob, newer, now=LATER)
    assert judge(bob, held, now=LATER).state == "corrected"
    judgment = Judgment.objects.get(superseded_at=None)
    assert (judgment.assignment_id, judgment.surplus) == (held.pk, False)


def test_a_submit_after_a_skip_is_kept(project, bob, held):
    skip(user=bob, assignment=held, lease_token=held.fence, reason="", now=NOON)
    assert judge(bob, held).state == "surplus"
    assert Slot.objects.get().state == "open"


def test_a_wrong_lease_token_is_refused(bob, held):
    with pytest.raises(Conflict) as caught:
        judgments.submit(
            user=bob,
            assignment=held,
            lease_token=held.fence + 1,
            client_key=uuid4(),
            said=judgments.Said(tiers=[[key] for key in keys_of(held)]),
            now=NOON,
        )
    assert caught.value.code == "lease_lost"


# --- tiers to comparisons --------------------------------------------------------------


@st.composite
def rankings(draw):
    responses = draw(st.permutations(range(draw(st.integers(2, 9)))))
    cuts = sorted(draw(st.sets(st.integers(1, len(responses) - 1))))
    tiers = [list(responses[a:b]) for a, b in zip([0, *cuts], [*cuts, len(responses)], strict=True)]
    strengths = draw(
        st.one_of(st.just([]), st.lists(st.integers(1, 3), min_size=len(tiers) - 1, max_size=len(tiers) - 1))
    )
    return tiers, strengths


@pytest.mark.once
@given(rankings())
def test_every_pair_is_compared_once_and_in_the_order_of_the_tiers(ranking):
    tiers, strengths = ranking
    place = {response: number for number, tier in enumerate(tiers) for response in tier}
    pairs = pairs_of(tiers, strengths)
    assert sorted(tuple(sorted(pair[:2])) for pair in pairs) == sorted(combinations(sorted(place), 2))
    for pair in pairs:
        better, worse = place[pair.winner], place[pair.loser]
        assert pair.is_tie == (better == worse)
        assert better <= worse
        if pair.is_tie:
            assert (pair.strength, pair.winner < pair.loser) == (0, True)
        elif strengths:
            assert pair.strength == min(3, sum(strengths[better:worse]))
        else:
            assert pair.strength is None
