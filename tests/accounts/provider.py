"""A provider of identities on this machine, which signs what it says; each test says what it lies about."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

CLIENT, SECRET, KEY_ID = "obole-tests", "s3cret", "k1"
MAUD = {
    "sub": "fc-maud",
    "given_name": "Maud Jeanne",
    "family_name": "LEFEVRE",
    "birthdate": "1980-03-02",
    "birthplace": "99210",
    "gender": "female",
    "email": "usager@example.org",
    "picture": "https://exemple/photo",
}


@dataclass
class IdentityProvider:
    """What it knows, and how it lies."""

    port: int = 0
    claims: dict[str, Any] = field(default_factory=lambda: dict(MAUD))
    lies: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    other_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v2"

    def answer(self, path: str, sent: dict[str, str]) -> tuple[str, str]:
        """Return what it says to a request: the type and the text."""
        if path.endswith("/openid-configuration"):
            return "application/json", json.dumps(self._configuration())
        if path.endswith("/jwks"):
            public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
            return "application/json", json.dumps({"keys": [{**public, "kid": KEY_ID, "alg": "ES256", "use": "sig"}]})
        if path.endswith("/token"):
            self._check(sent)
            return "application/json", json.dumps({"access_token": "a", "id_token": self._id_token()})
        if self.lies.get("unsigned_userinfo"):
            return "application/json", json.dumps(self.claims)
        return "application/jwt", self._signed({**self.claims, **self.lies.get("userinfo", {})}, "userinfo")

    def visit(self, location: str, code: str = "c0de") -> str:
        """Do what a person does there, and return where it sends them back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        self.asked.append(query)
        return f"{urlsplit(query['redirect_uri']).path}?code={code}&state={query['state']}"

    def _configuration(self) -> dict[str, Any]:
        places = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "userinfo_endpoint": "userinfo",
            "jwks_uri": "jwks",
            "end_session_endpoint": "session/end",
        }
        found = {name: f"{self.url}/{place}" for name, place in places.items()}
        return {**found, "issuer": self.url, "code_challenge_methods_supported": ["S256"]}

    def _check(self, sent: dict[str, str]) -> None:
        assert (sent["client_id"], sent["client_secret"], sent["code"]) == (CLIENT, SECRET, "c0de")
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.asked[-1]["code_challenge"]

    def _id_token(self) -> str:
        said = {"sub": self.claims["sub"], "nonce": self.asked[-1]["nonce"], "acr": "eidas1"}
        return self._signed({**said, **self.lies.get("id_token", {})}, "id_token")

    def _signed(self, said: dict[str, Any], what: str) -> str:
        now = int(time.time())
        whole = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, **said}
        if self.lies.get("algorithm") == what:
            return jwt.encode(whole, SECRET * 8, algorithm="HS256", headers={"kid": KEY_ID})
        key = self.other_key if self.lies.get("key") == what else self.key
        return jwt.encode(whole, key, algorithm="ES256", headers={"kid": KEY_ID})


@contextmanager
def running() -> Iterator[IdentityProvider]:
    """Run one until the test ends."""
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, sent: dict[str, str]) -> None:
            kind, text = provider.answer(urlsplit(self.path).path, sent)
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_words: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
