"""The signature of a delivery."""

from __future__ import annotations

import hashlib
import hmac

from theirstack_async.receiver._signature import SIGNATURE_HEADER

__all__ = ["SIGNATURE_HEADER", "sign"]


def sign(body: bytes, secret: str) -> str:
    """Return what the signature header says of ``body``: ``sha256=`` and the lower-case hex HMAC-SHA256.

    The key is the secret in UTF-8, the message the raw bytes of the body
    (https://theirstack.com/en/docs/webhooks/verify-webhook-signatures.md).
    """
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
