"""A small OpenID Connect provider: `python -m tests.oidc_provider`. It prints its address, signs
with RS256, insists on PKCE and the client's secret, and vouches for whoever was PUT to /person."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "plumbline", "shared secret"


class Provider:
    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.person: dict[str, Any] = {}
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.url = ""

    def configuration(self) -> dict[str, Any]:
        names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            **{f"{name}_endpoint": f"{self.url}/{path}" for name, path in names.items()},
        }

    def jwks(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where to send the browser back to."""
        if self.person.get("refuses"):
            answer = {"error": "access_denied", "state": asked["state"]}
        else:
            assert asked["client_id"] == CLIENT_ID
            assert asked["code_challenge_method"] == "S256"
            code = secrets.token_urlsafe()
            self.codes[code] = {**asked, "person": self.person}
            answer = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, asked: dict[str, str]) -> dict[str, Any] | None:
        granted = self.codes.pop(asked.get("code", ""), None)
        if granted is None or (asked.get("client_id"), asked.get("client_secret")) != (
            CLIENT_ID,
            CLIENT_SECRET,
        ):
            return None
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != granted["code_challenge"]:
            return None
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, **granted["person"]}
        access = secrets.token_urlsafe()
        self.tokens[access] = granted["person"]
        signed = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one"})
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed}


class Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        match address.path:
            case "/.well-known/openid-configuration":
                self._json(self.provider.configuration())
            case "/jwks":
                self._json(self.provider.jwks())
            case "/authorize":
                self.send_response(302)
                self.send_header("Location", self.provider.authorize(query))
                self.end_headers()
            case "/userinfo":
                token = self.headers["Authorization"].removeprefix("Bearer ")
                self._json(self.provider.tokens[token])
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(self._body().decode()).items()}
        answer = self.provider.token(asked)
        self._json(answer or {"error": "invalid_grant"}, status=200 if answer else 400)

    def do_PUT(self) -> None:
        self.provider.person = json.loads(self._body())
        self._json({})

    def log_message(self, *args: Any) -> None:
        pass

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _json(self, content: Any, status: int = 200) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main() -> None:
    Handler.provider = provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    print(provider.url, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
