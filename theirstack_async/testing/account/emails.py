"""E-mail preferences, and the unsubscribe links of e-mails. Their 422 answers are FastAPI's list."""

from __future__ import annotations

from typing import Any, Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, FieldProblem, InvalidError, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call, Route

_HTML: Final = "text/html; charset=utf-8"


def get_preferences(backend: Backend, _call: Call) -> Answer:
    """GET /v0/email-preferences: a JSON schema of a form, and what the form holds."""
    emails = backend.account.emails
    schema = {
        "type": "object",
        "properties": {
            group: {"type": "object", "properties": {key: {"type": "boolean"} for key in keys}}
            for group, keys in emails.items()
        },
    }
    return json_answer({"schema": schema, "form_data": emails})


def put_preferences(backend: Backend, call: Call) -> Answer:
    """PUT /v0/email-preferences: the body is a free-form object that no page describes.

    Here it is the form, or the form under ``form_data``: true or false by key, by group. What is left out stays.
    """
    fields = call.fields()
    form = fields.optional("form_data", _form)
    if form is None:
        form = {group: fields.required(group, _switches) or {} for group in fields.names() if group != "form_data"}
    fields.check()
    for group, switches in form.items():
        backend.account.emails.setdefault(group, {}).update(switches)
    return get_preferences(backend, call)


def unsubscribe_page(backend: Backend, call: Call) -> Answer:
    """GET /v0/email-preferences/unsubscribe/{preference_key}: answers an HTML page. No key is needed."""
    _unsubscribe(backend, call)
    return Answer(body=b"<!doctype html><title>Unsubscribed</title><p>Done</p>", content_type=_HTML)


def unsubscribe(backend: Backend, call: Call) -> Answer:
    """POST /v0/email-preferences/unsubscribe/{preference_key}: the one click of RFC 8058. No key is needed."""
    call.form()
    _unsubscribe(backend, call)
    return json_answer({"ok": True})


def _unsubscribe(backend: Backend, call: Call) -> None:
    """Switch one kind of e-mail off. Any token will do: what is in a real one is known to the mail's sender only."""
    fields = call.parameters()
    fields.required("token", read.string)
    fields.check()
    groups = [keys for keys in backend.account.emails.values() if call.path_id in keys]
    if not groups:
        raise InvalidError([FieldProblem(("path", "preference_key"), "There is no such preference", "value_error")])
    for keys in groups:
        keys[call.path_id] = False


def _form(value: Any) -> dict[str, dict[str, bool]]:
    return {group: _switches(switches) for group, switches in read.mapping(value).items()}


def _switches(value: Any) -> dict[str, bool]:
    return {key: read.boolean(switch) for key, switch in read.mapping(value).items()}


_UNSUBSCRIBE: Final = "/v0/email-preferences/unsubscribe/{id}"
ROUTES: Final = (
    Route("GET", "/v0/email-preferences", get_preferences, errors="detail"),
    Route("PUT", "/v0/email-preferences", put_preferences, errors="detail"),
    Route("GET", _UNSUBSCRIBE, unsubscribe_page, needs_key=False, errors="detail"),
    Route("POST", _UNSUBSCRIBE, unsubscribe, needs_key=False, errors="detail"),
)
