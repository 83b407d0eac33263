"""Which addresses this server may be sent to by somebody else: none inside its own house."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings

from labeling.core.errors import DomainError

MAX_URL = 1000


class BadAddress(DomainError):
    code = "bad_address"


def check_url(url: str) -> None:
    """What can be told without asking the network: the name may point elsewhere tomorrow, so
    `resolve` looks again before every request."""
    if len(url) > MAX_URL:
        raise BadAddress(f"The address is longer than {MAX_URL} characters: shorten it.", fields=_FIELD)
    parts = _parts(url)
    try:
        address = ipaddress.ip_address(parts[1])
    except ValueError:
        if parts[1] == "localhost" or parts[1].endswith(".localhost"):
            _refuse_private(parts[1])
        return
    if not _is_public(address):
        _refuse_private(parts[1])


def resolve(url: str) -> tuple[str, str, int]:
    """(address to connect to, host name, port). Every address of the name must be public: the one
    returned is the one to connect to, so that the name cannot change its mind in between."""
    _, host, port = _parts(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise BadAddress(f"The host {host} cannot be found ({problem}).") from problem
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not all(_is_public(ipaddress.ip_address(address)) for address in addresses):
        _refuse_private(host)
    return addresses[0], host, port


def _parts(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError as problem:
        raise BadAddress("The address is not a URL: write https://host/path.", fields=_FIELD) from problem
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        raise BadAddress("The address must start with https:// or http:// and name a host.", fields=_FIELD)
    if parts.username or parts.password:
        raise BadAddress(
            "The address must not hold a password: the signature proves who sent it.", fields=_FIELD
        )
    return parts.scheme, parts.hostname, port


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if mapped is not None and not mapped.is_global:
        return False
    return address.is_global and not address.is_multicast


def _refuse_private(host: str) -> None:
    if not settings.WEBHOOK_ALLOW_PRIVATE:
        raise BadAddress(
            f"{host} is inside this server's own network: use a public address, or ask the operator to set "
            "WEBHOOK_ALLOW_PRIVATE.",
            fields=_FIELD,
        )


_FIELD = {"url": ["This address cannot be used."]}
