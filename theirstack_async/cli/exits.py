"""Exit codes, and the one table from errors to them."""

from __future__ import annotations

import enum
from typing import Final

from theirstack_async import (
    ArgumentError,
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    DecodeError,
    InsufficientCreditsError,
    NotFoundError,
    OutcomeUnknownError,
    PaginationError,
    PermissionDeniedError,
    QuotaError,
    RateLimitError,
    ReplayLockedError,
    ServerError,
    StateLockedError,
    TheirStackError,
    TransportError,
)
from theirstack_async.cli.text import sentence


class ExitCode(enum.IntEnum):
    """What the program tells the shell."""

    OK = 0
    FAILED = 1
    USAGE = 2
    AUTHENTICATION = 3
    CREDITS = 4
    RATE_LIMIT = 5
    NETWORK = 6
    UNKNOWN = 7
    PLAN = 8
    MORE = 9
    LOCKED = 10
    INTERRUPTED = 130


EXIT_CODES: Final = (
    (ExitCode.OK, "all is well"),
    (ExitCode.FAILED, "some ids failed, a check failed, or the API refused"),
    (ExitCode.USAGE, "wrong usage, a bad argument, or a setting is missing"),
    (ExitCode.AUTHENTICATION, "the API key was refused, or may not do this"),
    (ExitCode.CREDITS, "out of credits: those of the account, or those of --budget"),
    (ExitCode.RATE_LIMIT, "the rate limit asks for too long a wait"),
    (ExitCode.NETWORK, "the network or the server failed"),
    (ExitCode.UNKNOWN, "sent, but nobody knows whether it was carried out"),
    (ExitCode.PLAN, "the account's plan gives no more rows of this search"),
    (ExitCode.MORE, "more to come: --max-items ended the sync, or events of a replay may yet arrive; go on"),
    (ExitCode.LOCKED, "another run of the same sync or replay is under way, or has the file"),
    (ExitCode.INTERRUPTED, "interrupted by Ctrl-C (143 by SIGTERM)"),
)
"""Each code with what it means, as ``theirstack --help`` shows them."""

_RULES: Final[tuple[tuple[type[TheirStackError], ExitCode, str], ...]] = (
    (OutcomeUnknownError, ExitCode.UNKNOWN, ""),
    (ArgumentError, ExitCode.USAGE, ""),
    (ConfigurationError, ExitCode.USAGE, "See theirstack --help for the settings."),
    (AuthenticationError, ExitCode.AUTHENTICATION, ""),
    (PermissionDeniedError, ExitCode.AUTHENTICATION, ""),
    (InsufficientCreditsError, ExitCode.CREDITS, "theirstack credits shows what is left."),
    (BudgetExceededError, ExitCode.CREDITS, ""),
    (RateLimitError, ExitCode.RATE_LIMIT, "Wait, and run the command again."),
    (
        NotFoundError,
        ExitCode.FAILED,
        "theirstack webhooks list (lists list, searches list) shows the ids; if it fails too, check the base URL.",
    ),
    (ServerError, ExitCode.NETWORK, "The API failed; run the command again later."),
    (TransportError, ExitCode.NETWORK, "Check the network and the base URL, or give it more time with --timeout."),
    (QuotaError, ExitCode.NETWORK, ""),
    (DecodeError, ExitCode.NETWORK, "The API may have changed; look for a newer theirstack-async."),
    (StateLockedError, ExitCode.LOCKED, ""),
    (ReplayLockedError, ExitCode.LOCKED, ""),
    (PaginationError, ExitCode.NETWORK, "Run the command again when the list moves less."),
)
"""Classes with their exit code and what to do next where the error's own text does not say; the first that fits.

Any other error means that the API refused.
"""


def explain(error: TheirStackError) -> tuple[ExitCode, str]:
    """Return the exit code for an error and what there is to say: what happened, and what to do next."""
    found = ((code, advice) for kind, code, advice in _RULES if isinstance(error, kind))
    code, advice = next(found, (ExitCode.FAILED, ""))
    return code, f"{sentence(str(error))} {advice}".strip()
