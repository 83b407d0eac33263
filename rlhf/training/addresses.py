"""Which hosts a worker may ask for what a spec names: none inside the house unless the operator says so, and
never the addresses at which clouds hand out their keys.

labeling/services/addresses.py guards webhooks in the same way; a worker has no Django to ask it.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from urllib.parse import urlsplit

from rlhf.training.errors import TrainingError

ALLOW_PRIVATE = "RUN_ALLOW_PRIVATE"
# Where clouds that use no link-local address answer for them.
METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254")))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def resolve(service: str, url: str) -> str:
    """The address to connect to; all that the host's name stands for must be allowed, and this is the one
    to use, so that the name cannot change its mind in between. TrainingError about `service` otherwise;
    OSError where the name is not known, which may pass."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        raise TrainingError(f"The {service} must start with http:// or https://.") from None
    found = socket.getaddrinfo(parts.hostname or "", port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for address in map(ipaddress.ip_address, addresses):
        _check(service, getattr(address, "ipv4_mapped", None) or address)
    return addresses[0]


def _check(service: str, address: Address) -> None:
    if address.is_link_local or address.is_multicast or address.is_unspecified or address in METADATA:
        raise TrainingError(f"The {service} is at {address}, which no run may ask.")
    if not address.is_global and os.environ.get(ALLOW_PRIVATE, "").lower() not in {"1", "true", "yes", "on"}:
        raise TrainingError(
            f"The {service} is inside a private network: use a public address, or ask the "
            f"operator to set {ALLOW_PRIVATE}=1."
        )
