"""Which e-mails the user gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theirstack_async import models
from theirstack_async._check import check_text
from theirstack_async._engine import theirstack as api
from theirstack_async.config import RequestOptions
from theirstack_async.errors import ArgumentError
from theirstack_async.resources._arguments import check_mapping
from theirstack_async.resources._undocumented import ONE_CLICK, UndocumentedAnswers


class EmailPreferences(UndocumentedAnswers):
    """Which e-mails the user gets whose key it is. All of it is free.

    Source: https://theirstack.com/en/docs/api-reference.
    """

    async def get(self, *, options: RequestOptions | None = None) -> models.EmailPreferences:
        """Return the preferences, and a description of the form that asks for them. Free."""
        return await self._call(api.EMAIL_GET, models.EmailPreferences, options=options)

    async def update(
        self, preferences: Mapping[str, Any], *, options: RequestOptions | None = None
    ) -> models.EmailPreferences:
        """Change the preferences, and return them as they are now. Free.

        Args:
            preferences: what to send, as it is: an object of which no more is documented than an example,
                ``{"emails": {"product": False}}``. What the API does with what is left out is not documented either.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: it is no mapping, or empty, or cannot be written as JSON; nothing was sent.
            UnprocessableError: the API refused it; ``problems`` says where.
        """
        body = check_mapping("preferences", preferences)
        if not body:
            raise ArgumentError("preferences: name at least one", field="preferences")
        return await self._call(api.EMAIL_UPDATE, models.EmailPreferences, json=body, options=options)

    async def unsubscribe(self, preference_key: str, *, token: str, options: RequestOptions | None = None) -> None:
        """Unsubscribe somebody from one kind of e-mail, by one click (RFC 8058). Free; needs no key.

        Args:
            preference_key: the kind of e-mail, such as ``product``.
            token: the signed token in the unsubscribe link of the e-mail.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an argument is blank, or no text; nothing was sent.
            UnprocessableError: the API refused it; ``problems`` says why.
        """
        parts = {"preference_key": check_text("preference_key", preference_key)}
        query = {"token": check_text("token", token)}
        await self._act(api.EMAIL_UNSUBSCRIBE, parts=parts, query=query, form=ONE_CLICK, options=options)

    async def unsubscribe_page(self, preference_key: str, *, token: str, options: RequestOptions | None = None) -> str:
        """Follow the unsubscribe link of an e-mail, as a browser does, and return the page: HTML. Free; needs no key.

        That unsubscribes too; arguments and errors are those of :meth:`unsubscribe`.
        """
        parts = {"preference_key": check_text("preference_key", preference_key)}
        query = {"token": check_text("token", token)}
        reply = await self._pipeline.call(api.EMAIL_UNSUBSCRIBE_PAGE, parts=parts, query=query, options=options)
        return reply.body.decode("utf-8", "replace")
