"""Secrets that must be read again, encrypted in the database with a key made of SECRET_KEY."""

from __future__ import annotations

import base64
import hashlib

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from labeling.core.errors import DomainError


def encrypt(text: str) -> str:
    return _cipher().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    try:
        return _cipher().decrypt(text.encode()).decode()
    except InvalidToken as other_key:
        raise DomainError(
            "This was encrypted under another SECRET_KEY: put the old key into SECRET_KEY_FALLBACKS.",
            code="other_secret_key",
        ) from other_key


class EncryptingAdapter(DefaultMFAAdapter):
    """Whoever reads the database alone cannot make codes."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        return "Plumbline"


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in keys]
    )
