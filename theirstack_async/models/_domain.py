"""Domains in one form, by which companies of different sources can be joined."""

from __future__ import annotations

import re
from typing import Final

_START: Final = r"(?:[a-z][a-z0-9+.-]*:)?//"
"""What stands before the host in an address (RFC 3986, section 3)."""
_END: Final = r"[/\\?#]"
"""What ends the host in an address (https://url.spec.whatwg.org/#host-state)."""
_HOST: Final = r"[^\s.]+(?:\.[^\s.]+)+"
"""Two labels or more. A single one, such as ``localhost`` or ``n``, is no company's domain."""


def normalized(address: str | None) -> str | None:
    """Return the domain of an address or of a domain, or None where there is none."""
    text = (address or "").strip().lower()
    start = re.match(_START, text)
    authority = re.split(_END, text[start.end() :] if start else text, maxsplit=1)[0]
    host = authority.rpartition("@")[2].partition(":")[0].rstrip(".")
    if not re.fullmatch(_HOST, host):
        return None
    bare = host.removeprefix("www.")
    return bare if "." in bare else host
