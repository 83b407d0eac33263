"""OpenID Connect providers from the environment: `OIDC_PROVIDERS=lab,campus` names them, and
`OIDC_LAB_URL`, `OIDC_LAB_CLIENT_ID`, `OIDC_LAB_CLIENT_SECRET` and `OIDC_LAB_NAME` describe one."""

from __future__ import annotations

import re
from typing import Any

from deploy import env

ID = re.compile(r"[a-z][a-z0-9]*")


def providers() -> list[dict[str, Any]]:
    """As django-allauth takes them. One that is not fully described is left out and reported."""
    found = []
    for name in env.items("OIDC_PROVIDERS"):
        if not ID.fullmatch(name):
            env.PROBLEMS.append(f"OIDC_PROVIDERS names {name!r}: use lower-case letters and digits.")
            continue
        app = _provider(name, prefix=f"OIDC_{name.upper()}")
        if app is not None:
            found.append(app)
    return found


def _provider(name: str, *, prefix: str) -> dict[str, Any] | None:
    url = env.url(f"{prefix}_URL", "", schemes=("https", "http"))
    client_id, secret = env.text(f"{prefix}_CLIENT_ID"), env.text(f"{prefix}_CLIENT_SECRET")
    values = {"URL": url, "CLIENT_ID": client_id, "CLIENT_SECRET": secret}
    missing = [f"{prefix}_{key}" for key, value in values.items() if not value]
    if missing:
        env.PROBLEMS.append(f"OIDC_PROVIDERS names {name!r}: set {', '.join(missing)} too.")
        return None
    return {
        "provider_id": name,
        "name": env.text(f"{prefix}_NAME", name.capitalize()),
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": url.rstrip("/")},
    }
