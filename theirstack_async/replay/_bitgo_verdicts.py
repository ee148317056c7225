"""What BitGo's answer to a resend call means: which ids it took, or why it took none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from theirstack_async.errors import APIError, ClientClosedError, ConfigurationError, ConnectError, RateLimitError
from theirstack_async.errors import TheirStackError as Error
from theirstack_async.hooks import logger
from theirstack_async.replay._bitgo_api import items, load_json, mapping
from theirstack_async.replay._provider import Resent, Verdict, reason_of

_NOT_ABOUT_IDS: Final = frozenset({"NotImplementedError", "USER_CREATION_FAILED", "USER_FALLBACK_FAILED"})
"""Names of a 400 that no other choice of ids would change."""
_STATUSES: Final[Mapping[int | None, Verdict]] = {
    400: "refused",
    401: "over",
    404: "refused",
    408: "unsent",
    409: "unsent",
    413: "refused",
    422: "refused",
    425: "unsent",
}
"""Of all other refusals the webhook is left alone; what the engine does not take for a refusal is of unknown outcome.
"""


def read_resent(body: bytes, ids: Collection[str], label: str) -> Resent[str]:
    """Return what a success says of each id.

    An id that is on both of its lists, or on neither, is of unknown outcome. So are all of an answer without lists.
    """
    data = mapping(load_json(body))
    good, bad = items(data.get("successfulNotifications")), items(data.get("failedNotifications"))
    if good is None or bad is None:
        return Resent(verdict="unknown", reason=f"{label}: the answer does not tell which ids were taken")
    taken, refused = _by_id(good), _by_id(bad)
    told = [data.get(name) for name in ("totalRequested", "totalSuccess", "totalFailed")]
    if told != [len(ids), len(taken), len(refused)]:
        logger.warning("%s: the totals %s are not those of the lists; the lists count", label, told)
    accepted = [each for each in ids if each in taken and each not in refused]
    rejected = [each for each in ids if each in refused and each not in taken]
    return Resent(
        verdict="answered",
        accepted={each: _text(taken[each], "retriggeredNotificationRequestId") for each in accepted},
        rejected={each: _text(refused[each], "error") or "refused without a reason" for each in rejected},
    )


def verdict_of(error: Error) -> Resent[Any]:
    """Return what came of a resend call that ended in an error. A 404 is taken for one about the ids."""
    retry_after = error.retry_after if isinstance(error, RateLimitError) else None
    return Resent(verdict=_verdict(error), reason=reason_of(error), retry_after=retry_after)


def _verdict(error: Error) -> Verdict:
    if isinstance(error, RateLimitError):
        return "throttled"
    if isinstance(error, APIError):
        return "closed" if error.code in _NOT_ABOUT_IDS else _STATUSES.get(error.status, "closed")
    if isinstance(error, (ConfigurationError, ClientClosedError)):
        return "over"
    if error.sent != "no":
        return "unknown"
    # The next try will not find another certificate.
    return "over" if isinstance(error, ConnectError) and error.permanent else "unsent"


def _by_id(listed: list[object]) -> dict[str, Mapping[str, Any]]:
    fields = [mapping(item) for item in listed]
    return {id_.lower(): each for each in fields if isinstance(id_ := each.get("webhookNotificationId"), str)}


def _text(item: Mapping[str, Any], name: str) -> str | None:
    return value if isinstance(value := item.get(name), str) and value else None
