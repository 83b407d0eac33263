import pytest

ADDRESS = "/api/me/preferences"


def test_what_a_person_chose_is_the_same_in_every_browser(login, bob, carol):
    one, other = login(bob), login(bob)
    assert one.get(ADDRESS).json() == {}
    one.patch(ADDRESS, {"face": "sans", "text_size": 3}, format="json")
    answer = other.patch(ADDRESS, {"keys": {"skip": "n"}, "text_size": 0}, format="json")
    expected = {"face": "sans", "text_size": 0, "keys": {"skip": "n"}}
    assert (answer.json(), one.get(ADDRESS).json()) == (expected, expected)
    assert login(carol).get(ADDRESS).json() == {}


def test_keys_are_replaced_as_a_whole(as_bob):
    as_bob.patch(ADDRESS, {"keys": {"skip": "n", "tie": "t"}}, format="json")
    assert as_bob.patch(ADDRESS, {"keys": {}}, format="json").json() == {"keys": {}}


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong",
    [
        {"face": "comic"},
        {"text_size": 9},
        {"auto_submit": "perhaps"},
        {"language": "x" * 21},
        {"keys": {"skip": "n" * 41}},
        {"keys": {"c" * 81: "n"}},
        {"keys": {f"command-{n}": "n" for n in range(201)}},
        {"keys": ["n"]},
    ],
)
def test_nothing_else_and_nothing_large_is_kept(as_bob, wrong):
    refused = as_bob.patch(ADDRESS, wrong, format="json")
    assert (refused.status_code, set(refused.json()["fields"])) == (400, set(wrong))
    as_bob.patch(ADDRESS, {"face": "serif", "unheard": "of"}, format="json")
    assert as_bob.get(ADDRESS).json() == {"face": "serif"}


def test_a_token_that_may_not_administer_leaves_them_alone(project, bob):
    from tests.labeling.core.test_scopes import token_of

    refused = token_of(bob, "annotate").patch(ADDRESS, {"face": "sans"}, format="json")
    assert refused.json()["code"] == "scope_missing"
