import re
from urllib.parse import parse_qs, urlsplit

from labeling.core.services import accounts, limits


def sent() -> None:
    """The mailer is one thread, so what was asked before this is done after it."""
    accounts._mailer.submit(lambda: None).result(timeout=10)


def test_reset_by_mail_end_to_end(anonymous, login, bob, mailoutbox, settings):
    settings.PUBLIC_URL = "https://plumb.example.com"
    signed_in = login(bob)
    assert (
        anonymous.post("/api/password-reset", {"email": "BOB@example.com"}, format="json").status_code == 204
    )
    sent()
    [mail] = mailoutbox
    assert mail.to == [bob.email]
    [address] = re.findall(r"https://\S+", mail.body)
    assert address.startswith("https://plumb.example.com/reset-password?")
    query = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}

    weak = anonymous.post("/api/password-reset/confirm", {**query, "password": "short"}, format="json")
    assert weak.json()["code"] == "weak_password"
    body = {**query, "password": "a brand new long one"}
    assert anonymous.post("/api/password-reset/confirm", body, format="json").status_code == 204
    again = anonymous.post("/api/password-reset/confirm", body, format="json")
    assert again.json()["code"] == "bad_reset_link"

    assert signed_in.get("/api/me").status_code == 401
    credentials = {"email": bob.email, "password": "a brand new long one"}
    assert anonymous.post("/api/session", credentials, format="json").status_code == 200


def test_an_unknown_address_gets_the_same_answer_and_no_mail(anonymous, bob, make_user, mailoutbox):
    make_user("Gone", is_active=False)
    known = anonymous.post("/api/password-reset", {"email": bob.email}, format="json")
    for email in ("nobody@example.com", "gone@example.com"):
        unknown = anonymous.post("/api/password-reset", {"email": email}, format="json")
        assert (unknown.status_code, unknown.content) == (known.status_code, known.content)
    sent()
    assert [mail.to for mail in mailoutbox] == [[bob.email]]


def test_a_mailbox_cannot_be_flooded(anonymous, bob, mailoutbox):
    for _ in range(limits.PASSWORD_RESET.tries + 3):
        answer = anonymous.post("/api/password-reset", {"email": bob.email}, format="json")
    assert answer.status_code == 429
    sent()
    assert len(mailoutbox) == limits.PASSWORD_RESET.tries


def test_a_mail_server_that_is_down_shows_to_nobody(anonymous, bob, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answer = anonymous.post("/api/password-reset", {"email": bob.email}, format="json")
    assert answer.status_code == 204
    sent()


def test_garbage_links_are_refused(anonymous, bob):
    for uid, token in (("", ""), ("!!", "x"), ("MTA", "abc-def"), ("w6k", "ä"), ("x" * 64, "y" * 128)):
        body = {"uid": uid, "token": token, "password": "a brand new long one"}
        answer = anonymous.post("/api/password-reset/confirm", body, format="json")
        assert answer.status_code == 400, uid
