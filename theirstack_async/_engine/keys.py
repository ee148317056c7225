"""The API key of a request: the one that was given, or what a callable gives now."""

from __future__ import annotations

import inspect

from theirstack_async._engine.call import Call
from theirstack_async._engine.dialect import Dialect
from theirstack_async._values import Headers, Secret
from theirstack_async.config import KeyProvider, check_key
from theirstack_async.errors import ConfigurationError, TheirStackError


async def with_key(call: Call, source: Secret | KeyProvider | None, dialect: Dialect) -> Headers:
    """Return the headers of a call with its key, and note the key in the call.

    Raises:
        ConfigurationError: there is none, or the callable failed.
        RequestTimeoutError: the callable took longer than the deadline.
    """
    if not call.operation.needs_key:
        return call.request.headers
    if source is None:
        raise ConfigurationError(f"{call.request.label} needs {dialect.missing_key}")
    asked = f"{dialect.key_argument}()"
    call.key = source.reveal() if isinstance(source, Secret) else check_key(await _ask(call, source, asked), asked)
    name, value = dialect.auth_header(call.key)
    return call.request.headers.adding(name, value)


async def _ask(call: Call, source: KeyProvider, asked: str) -> object:
    try:
        answer = source()
        return await call.in_time(answer, "deadline", asked) if inspect.isawaitable(answer) else answer
    except TheirStackError:
        raise
    except Exception as error:
        message = f"{call.request.label}: {asked} gave no key, it raised {type(error).__name__}"
        raise ConfigurationError(message) from error
