"""What is looked at before a delivery is believed: method, headers, size, signature, form."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Final

from theirstack_async.errors import DeliveryError, SignatureError
from theirstack_async.receiver._answer import Answer
from theirstack_async.receiver._deliveries import Delivery, parse_delivery
from theirstack_async.receiver._settings import Settings
from theirstack_async.receiver._signature import SIGNATURE_HEADER, Secrets

_SIGNATURE: Final = SIGNATURE_HEADER.lower()
_LONGEST_TEXT: Final = 200
_MOST_DIGITS: Final = 18


class RefusedError(Exception):
    """A request that gets its answer now. It never leaves the receiver."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


def refuse(status: int, text: str, **headers: str) -> RefusedError:
    """Return the refusal of a request, for people to read in the event list."""
    return RefusedError(
        Answer(status, text[:_LONGEST_TEXT], {name.replace("_", "-"): headers[name] for name in headers})
    )


def signature_of(method: str, headers: Iterable[tuple[str, str]], max_bytes: int) -> str | None:
    """Look at a request before its body is read, and return what its signature header says.

    Raises:
        RefusedError: 405, 413 or 415.
    """
    if method != "POST":
        raise refuse(405, "deliveries are sent by POST", Allow="POST")
    signatures: list[str] = []
    for name, value in headers:
        match name.lower():
            case "content-type":
                _check_type(value)
            case "content-encoding":
                # The signature is that of the bytes as sent, and what unpacks them may unpack without end.
                if value.strip().lower() not in ("", "identity"):
                    raise refuse(415, f"expected a body that is not compressed, not Content-Encoding: {value!r}")
            case "content-length":
                # Python refuses to read thousands of digits as a number.
                if value.isascii() and value.isdigit() and (len(value) > _MOST_DIGITS or int(value) > max_bytes):
                    raise refuse(413, f"{value} bytes are more than the {max_bytes} that are taken here (max_bytes)")
            case found if found == _SIGNATURE:
                signatures.append(value)
            case _:
                continue
    return ", ".join(signatures) if signatures else None


async def read(chunks: AsyncIterable[bytes], max_bytes: int) -> bytes:
    """Return the body of a request.

    Raises:
        RefusedError: 413.
    """
    taken = bytearray()  # a list of pieces could take a hundred times what is in them
    async for chunk in chunks:
        if len(taken) + len(chunk) > max_bytes:
            raise refuse(413, f"the body has more than the {max_bytes} bytes that are taken here (max_bytes)")
        taken += chunk
    return bytes(taken)


def checked(body: bytes, signature: str | None, secrets: Secrets, settings: Settings) -> Delivery:
    """Return the delivery that a body is, if it is signed with one of the secrets.

    Raises:
        RefusedError: 403 or 400.
    """
    try:
        secrets.verify(body, signature)
        return parsed(body, settings)
    except SignatureError as error:
        raise refuse(403, str(error)) from None
    except DeliveryError as error:
        raise refuse(400, str(error)) from None


def parsed(body: bytes, settings: Settings) -> Delivery:
    """Return the delivery that a body is. Its size was looked at when it came.

    Raises:
        DeliveryError: it is none.
    """
    return parse_delivery(body, max_bytes=len(body), keep_unknown_fields=settings.keep_unknown_fields)


def _check_type(value: str) -> None:
    kind = value.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise refuse(415, f"expected Content-Type: application/json, got {value!r}")
