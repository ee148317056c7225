"""The signature of a delivery: who knows the secret sent it, and every byte of the body is as it was signed."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Final, NoReturn, cast

from theirstack_async.errors import ArgumentError, SignatureError, SignatureFault

SIGNATURE_HEADER: Final = "X-TheirStack-Signature-256"
"""The header that carries the signature (https://theirstack.com/en/docs/webhooks/verify-webhook-signatures.md)."""

_FORM: Final = re.compile(rb"sha256=([0-9a-f]{64})")
_SAID: Final[Mapping[SignatureFault, str]] = {
    "no_secret": "there is no secret to check it with",
    "missing": f"it has no {SIGNATURE_HEADER} header; the API signs once the webhook has a secret",
    "malformed": f"its {SIGNATURE_HEADER} header is not sha256= and 64 lower-case hex digits",
    "mismatch": f"its {SIGNATURE_HEADER} header fits none of the secrets: another secret signed it, or the body is not "
    "byte by byte what was sent",
}


def verify_signature(body: bytes, header: str | bytes | None, secrets: str | bytes | Iterable[str | bytes]) -> None:
    """Return if a delivery is signed with one of the secrets, and raise if it is not.

    The API signs the deliveries of a webhook that has a secret: the header is ``sha256=`` and the lower-case hex
    HMAC-SHA256 of the body, the key is the secret in UTF-8
    (https://theirstack.com/en/docs/webhooks/verify-webhook-signatures.md). Nothing else is accepted, every secret is
    tried whatever the others gave, and the comparison takes the same time wherever it fails.

    No time is signed, so a delivery that somebody recorded can be sent again: remember the ids of the events.

    Args:
        body: the body as it came, before anything has decoded or parsed it.
        header: the value of :data:`SIGNATURE_HEADER`; None where there was none.
        secrets: the webhook's secret; or several, of which any will do, while one is replaced by another.

    Raises:
        SignatureError: it is not; ``reason`` tells why: ``no_secret`` (there is none, or one of them is blank),
            ``missing``, ``malformed`` or ``mismatch``.
        ArgumentError: ``body`` is not bytes.
    """
    known = _usable(secrets)
    # What shows the variables of a traceback's frames, as some loggers do, must not show these.
    del secrets
    raw = raw_bytes(body)
    if known is None:
        raise _error("no_secret")
    known.verify(raw, header)


class Secrets:
    """The secrets that deliveries may be signed with: at least one, and none of them blank. They are never shown."""

    __slots__ = ("_keys",)

    def __init__(self, secrets: str | bytes | Iterable[str | bytes]) -> None:
        """Args:
        secrets: a secret, or several of them.

        Raises:
            ArgumentError: there is none, one is blank, or one is neither text nor bytes.
        """
        self._keys: Final = _keys(secrets)
        del secrets
        if not self._keys:
            raise ArgumentError(
                "secrets: expected the webhook's secret, or several, each a text or bytes and none of them blank; "
                "without one nobody can tell who sent a delivery",
                field="secrets",
            )

    def verify(self, body: bytes, header: str | bytes | None) -> None:
        """Return if a body is signed with one of the secrets.

        Raises:
            SignatureError: it is not; ``reason`` is ``missing``, ``malformed`` or ``mismatch``.
        """
        if not header:
            raise _error("missing")
        signature = _signature(header)
        if signature is None:
            raise _error("malformed")
        if not self._made(body, signature):
            raise _error("mismatch")

    def _made(self, body: bytes, signature: bytes) -> bool:
        made = [hmac.compare_digest(hmac.digest(key, body, "sha256"), signature) for key in self._keys]
        return any(made)

    def __repr__(self) -> str:
        return f"<Secrets: {len(self._keys)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("Secrets cannot be pickled or copied to another process; pass the texts where they are needed")


def raw_bytes(body: object) -> bytes:
    """Return a body as bytes.

    Raises:
        ArgumentError: it is a text or anything else that did not come from a socket.
    """
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(cast("bytes", body))
    raise ArgumentError(
        f"body: expected the raw bytes of the request, got {type(body).__name__}; "
        "what was decoded, or parsed and written again, is not what was signed",
        field="body",
    )


def _usable(secrets: str | bytes | Iterable[str | bytes]) -> Secrets | None:
    try:
        return Secrets(secrets)
    except ArgumentError:
        return None


def _keys(secrets: object) -> tuple[bytes, ...]:
    """Return the keys of the secrets; none at all where one of them is of no use."""
    if isinstance(secrets, (str, bytes)):
        secrets = (secrets,)
    # The names of a mapping are no secrets, and anybody may guess them.
    if not isinstance(secrets, Iterable) or isinstance(secrets, Mapping):
        return ()
    keys = tuple(_key(secret) for secret in cast("Iterable[object]", secrets))
    return keys if all(keys) else ()


def _key(secret: object) -> bytes:
    """Return the key of a secret, empty where it has none."""
    if isinstance(secret, str):
        # Strictly, a lone surrogate would be an error that holds the secret. The API has no such key anyway.
        secret = secret.encode("utf-8", "surrogatepass")
    return secret if isinstance(secret, bytes) and secret.strip() else b""


def _signature(header: object) -> bytes | None:
    """Return the bytes that a header says in hex; None where it is not of the one form that is accepted."""
    if isinstance(header, str):
        # What is not ASCII becomes a question mark, which the form does not allow.
        header = header.encode("ascii", "replace")
    found = _FORM.fullmatch(header) if isinstance(header, bytes) else None
    return bytes.fromhex(found[1].decode()) if found else None


def _error(reason: SignatureFault) -> SignatureError:
    return SignatureError(f"the delivery was refused: {_SAID[reason]}", reason=reason)
