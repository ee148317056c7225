"""Which kind of record the payload of an event is. The list of events does not say, so the record's shape must."""

from __future__ import annotations

from collections.abc import Mapping

from theirstack_async.models import Company, Job, JobClosed


def kind_of(has_text_id: bool, names: Mapping[str, object]) -> type[Job | Company | JobClosed] | None:
    """Return the one kind that a record with these members can be, or None.

    Companies have a text for an id, jobs a number, so no record is of two kinds. What has a title or an employer is a
    job, and be it a damaged one, so that no job passes for the record of a closed one.
    """
    if has_text_id:
        return Company if "name" in names else None
    if "job_title" in names or "company_object" in names:
        return Job
    return JobClosed if "id" in names and "closed_at" in names else None
