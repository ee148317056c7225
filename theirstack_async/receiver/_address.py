"""When two URLs lead to the same place."""

from __future__ import annotations

import string
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

_PORTS: Final = {"http": 80, "https": 443}


class Address(NamedTuple):
    """Where a URL leads, however it is spelled (RFC 3986, 6.2). Its fragment is never sent, so it is left out."""

    scheme: str
    user: str
    host: str
    port: int | None
    path: str
    query: str

    @property
    def without_slash(self) -> Address:
        """The address without slashes at the end of its path."""
        return self._replace(path=self.path.rstrip("/"))


def address(url: str) -> Address:
    """Return where a URL leads. One that cannot be understood is only the same as one that is spelled alike."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return Address("", "", "", None, url, "")
    user = parts.netloc.rpartition("@")[0]
    return Address(parts.scheme, user, host, port, _quoted(parts.path or "/"), _quoted(parts.query))


def _quoted(text: str) -> str:
    """Return text as it is sent: what is not ASCII becomes escapes."""
    return quote(text, safe=string.punctuation)
