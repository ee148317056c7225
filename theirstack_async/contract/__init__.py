"""Does an OpenAPI document of the API still say what this SDK does?

``python -m theirstack_async.contract PATH_OR_URL`` tells. What the SDK supports is taken from its own operations,
filters and models, and held against each operation, parameter and field that the document describes. :func:`check`
gives the same report to a program.
"""

from __future__ import annotations

from theirstack_async.contract.findings import Change, Finding
from theirstack_async.contract.report import Report, check
from theirstack_async.contract.schemas import DocumentError
from theirstack_async.contract.source import parse, read

__all__ = ["Change", "DocumentError", "Finding", "Report", "check", "parse", "read"]
