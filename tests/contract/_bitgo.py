"""The description of BitGo's notifications service, which is no part of the project, and how traffic is held to it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, Final

import pytest

from tests._documents import Document
from theirstack_async.testing.answers import Answer
from theirstack_async.testing.records import RequestRecord

BITGO: Final = Document("bitgo-notifications.openapi.yaml")
HERE: Final = pytest.mark.skipif(
    not BITGO.path.exists(), reason="the description of BitGo's notifications, ../shared/api, is not here"
)


class Contract:
    """Says what is wrong with requests and answers."""

    def __init__(self) -> None:
        import jsonschema

        self._jsonschema = jsonschema
        self._formats = jsonschema.FormatChecker(["uuid"])
        self._formats.checks("date-time", ValueError)(_is_instant)

    def wrong(self, record: RequestRecord, answer: Answer) -> list[str]:
        """Return what of an exchange is not as described."""
        found = self._operation(record)
        if found is None:
            return [f"{record.method} {record.path} is not described"]
        operation, parts = found
        described = {(each["in"], each["name"]): each for each in map(self._resolved, operation.get("parameters", []))}
        given = {("path", name): part for name, part in parts.items()}
        given |= {("query", name): value for name, value in record.query}
        problems = [f"{key} is not described" for key in given.keys() - described.keys()]
        problems += [
            f"{key} is missing" for key, each in described.items() if each.get("required") and key not in given
        ]
        for key in given.keys() & described.keys():
            problems += self._problems(_typed(given[key], described[key]["schema"]), described[key]["schema"])
        if "requestBody" in operation:
            media = operation["requestBody"]["content"].get(record.headers.get("content-type", ""))
            problems += ["media type"] if media is None else self._problems(record.json(), media["schema"])
        elif record.body:
            problems.append("a body where none is described")
        if record.headers.get("authorization", "")[:7] != "Bearer ":
            problems.append("no bearer token")
        return problems + self._of_answer(operation, answer)

    def _of_answer(self, operation: dict[str, Any], answer: Answer) -> list[str]:
        described = operation["responses"].get(str(answer.status))
        if described is None:
            return [f"status {answer.status} is not described"]
        media = self._resolved(described)["content"].get(answer.content_type)
        return (
            ["media type of the answer"] if media is None else self._problems(json.loads(answer.body), media["schema"])
        )

    def _operation(self, record: RequestRecord) -> tuple[dict[str, Any], dict[str, str]] | None:
        for method, path, operation in BITGO.calls:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
            if method == record.method and (match := re.fullmatch(pattern, record.path)):
                return operation, match.groupdict()
        return None

    def _resolved(self, described: dict[str, Any]) -> dict[str, Any]:
        found: Any = BITGO.data
        for part in described.get("$ref", "").split("/")[1:]:
            found = found[part]
        return found if "$ref" in described else described

    def _problems(self, value: Any, schema: dict[str, Any]) -> list[str]:
        whole = {"components": BITGO.data["components"], "allOf": [schema]}
        checker = self._jsonschema.Draft202012Validator(whole, format_checker=self._formats)
        return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(value)]


def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def _typed(text: str, schema: dict[str, Any]) -> object:
    return int(text) if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text) else text
