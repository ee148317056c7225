"""From JSON to models and back: fast where the answer is as expected, and exact about what is wrong where it is not."""

from __future__ import annotations

from theirstack_async._convert.converter import Converter
from theirstack_async._convert.rows import Reject, Rows

__all__ = ["Converter", "Reject", "Rows"]
