"""The signature of a delivery."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

SIGNATURE_HEADER: Final = "X-TheirStack-Signature-256"
"""The header that carries the signature (https://theirstack.com/en/docs/webhooks/verify-webhook-signatures.md)."""


def sign(body: bytes, secret: str) -> str:
    """Return what the signature header says of ``body``: ``sha256=`` and the lower-case hex HMAC-SHA256.

    The key is the secret in UTF-8, the message the raw bytes of the body
    (https://theirstack.com/en/docs/webhooks/verify-webhook-signatures.md).
    """
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
