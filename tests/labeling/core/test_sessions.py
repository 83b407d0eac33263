from rest_framework.test import APIClient

from labeling.core.models import AuditEvent
from labeling.core.services import limits
from tests.conftest import PASSWORD


def browser() -> APIClient:
    return APIClient(enforce_csrf_checks=True)


def csrf(client: APIClient) -> dict[str, str]:
    return {"HTTP_X_CSRFTOKEN": client.cookies["csrftoken"].value}


def test_nobody_is_signed_in_at_first(anonymous, alice):
    answer = anonymous.get("/api/session")
    assert answer.json() == {"user": None, "second_factor": None, "setup_needed": False}
    assert "csrftoken" in answer.cookies


def test_signing_in_and_out(db, bob):
    client = browser()
    client.get("/api/session")
    credentials = {"email": "BOB@example.com", "password": PASSWORD}
    answer = client.post("/api/session", credentials, format="json", **csrf(client))
    assert answer.status_code == 200
    assert answer.json()["user"] == {
        "id": bob.pk,
        "email": "bob@example.com",
        "name": "Bob",
        "is_operator": False,
        "has_second_factor": False,
    }
    assert client.get("/api/me").json()["name"] == "Bob"
    assert client.delete("/api/session", **csrf(client)).status_code == 204
    assert client.get("/api/me").status_code == 401


def test_wrong_password_and_unknown_address_look_alike(anonymous, bob):
    wrong = anonymous.post("/api/session", {"email": bob.email, "password": "nope"}, format="json")
    unknown = anonymous.post("/api/session", {"email": "x@example.com", "password": "nope"}, format="json")
    assert wrong.status_code == unknown.status_code == 400
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "wrong_credentials"


def log_of(*names: str) -> list[tuple]:
    events = AuditEvent.objects.order_by("pk").values_list("action", "actor", "object_id", "data")
    return [event for event in events if event[0] in names]


def test_signing_in_and_out_is_in_the_audit_log(anonymous, bob):
    anonymous.post("/api/session", {"email": bob.email, "password": PASSWORD}, format="json")
    anonymous.delete("/api/session")
    anonymous.delete("/api/session")
    how = {"by": "password", "second_factor": False}
    assert log_of("user.signed_in", "user.signed_out") == [
        ("user.signed_in", bob.pk, str(bob.pk), how),
        ("user.signed_out", bob.pk, str(bob.pk), {}),
    ]


def test_a_wrong_password_is_in_the_audit_log_and_an_unknown_address_is_not_written_down(
    anonymous, bob, django_assert_num_queries
):
    for email in (bob.email, "x@example.com"):
        with django_assert_num_queries(3):  # the clock must not tell one from the other
            anonymous.post("/api/session", {"email": email, "password": "nope"}, format="json")
    assert log_of("user.sign_in_failed") == [
        ("user.sign_in_failed", None, str(bob.pk), {"by": "password"}),
        ("user.sign_in_failed", None, "", {"by": "password"}),
    ]
    assert "x@example" not in str(AuditEvent.objects.values())


def test_signing_in_needs_the_csrf_token(db, bob):
    client = browser()
    answer = client.post("/api/session", {"email": bob.email, "password": PASSWORD}, format="json")
    assert answer.status_code == 403
    assert answer.json()["code"] == "csrf_failed"


def test_writes_of_a_session_need_the_csrf_token(db, bob):
    client = browser()
    client.force_login(bob)
    answer = client.patch("/api/me", {"name": "Mallory"}, format="json")
    assert answer.status_code == 403
    assert answer.json()["code"] == "csrf_failed"
    bob.refresh_from_db()
    assert bob.name == "Bob"


def test_too_many_wrong_passwords_are_slowed_down(anonymous, bob, carol):
    def attempt(email: str, password: str):
        return anonymous.post("/api/session", {"email": email, "password": password}, format="json")

    for _ in range(limits.SIGN_IN.tries):
        assert attempt(bob.email, "nope").status_code == 400
    slowed = attempt(bob.email, PASSWORD)
    assert slowed.status_code == 429
    assert slowed.json()["code"] == "throttled"
    assert slowed.headers["Retry-After"] == str(limits.SIGN_IN.seconds)
    assert attempt(carol.email, PASSWORD).status_code == 200


def test_right_passwords_are_never_slowed_down(anonymous, bob):
    for _ in range(limits.SIGN_IN_FROM_ADDRESS.tries + 5):
        answer = anonymous.post("/api/session", {"email": bob.email, "password": PASSWORD}, format="json")
        assert answer.status_code == 200


def test_forwarded_addresses_are_not_believed(anonymous, bob):
    for number in range(limits.SIGN_IN.tries + 1):
        answer = anonymous.post(
            "/api/session",
            {"email": bob.email, "password": "nope"},
            format="json",
            HTTP_X_FORWARDED_FOR=f"10.0.0.{number}",
        )
    assert answer.status_code == 429


def test_an_inactive_person_cannot_sign_in(anonymous, make_user):
    gone = make_user("Gone", is_active=False)
    answer = anonymous.post("/api/session", {"email": gone.email, "password": PASSWORD}, format="json")
    assert answer.json()["code"] == "wrong_credentials"


def test_changing_the_password_ends_other_sessions_only(login, bob):
    here, elsewhere = login(bob), login(bob)
    wrong = here.post("/api/me/password", {"old": "nope", "new": "another long one"}, format="json")
    assert wrong.json()["code"] == "wrong_password"
    weak = here.post("/api/me/password", {"old": PASSWORD, "new": "short"}, format="json")
    assert weak.json()["code"] == "weak_password"
    assert "new" in weak.json()["fields"]
    done = here.post("/api/me/password", {"old": PASSWORD, "new": "another long one"}, format="json")
    assert done.status_code == 204
    assert here.get("/api/me").status_code == 200
    assert elsewhere.get("/api/me").status_code == 401


def test_renaming_oneself_cannot_change_anything_else(as_bob, bob):
    answer = as_bob.patch(
        "/api/me", {"name": " Robert ", "is_operator": True, "email": "op@example.com"}, format="json"
    )
    assert answer.json() == {
        "id": bob.pk,
        "email": bob.email,
        "name": "Robert",
        "is_operator": False,
        "has_second_factor": False,
    }
