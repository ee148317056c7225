"""Whole datasets as files, and the credentials to read them."""

from __future__ import annotations

import builtins

from theirstack_async import models
from theirstack_async._engine import theirstack as api
from theirstack_async.config import RequestOptions
from theirstack_async.errors import DecodeError, Problem
from theirstack_async.resources._resource import Resource


class Datasets(Resource):
    """The datasets that the plan of the account includes. Asking for them spends no credits."""

    async def list(self, *, options: RequestOptions | None = None) -> builtins.list[models.Dataset]:
        """Return all datasets with their variants, those that the plan does not include among them. Free.

        Source: https://theirstack.com/en/docs/datasets/accessing-datasets.
        """
        return await self._call(api.DATASETS_LIST, list[models.Dataset], options=options)

    async def credentials(self, *, options: RequestOptions | None = None) -> models.DatasetCredentials:
        """Return new temporary credentials to read the datasets, good for seven days by default. Free.

        Each call makes new ones; those made before stay good as long as they were to be.
        Source: https://theirstack.com/en/docs/api-reference/datasets/post_datasets_credentials_v1.

        Raises:
            PermissionDeniedError: the plan of the account has no datasets (the status is presumed).
            DecodeError: the answer is not as documented. Its ``body`` is empty, because the answer holds secrets, and
                the ``problems`` tell where something is wrong, but not what stands there.
        """
        operation = api.DATASETS_CREDENTIALS
        reply = await self._pipeline.call(operation, options=options)
        try:
            return self._converter.decode(reply.body, models.DatasetCredentials)
        except DecodeError as error:
            problems = [Problem(each.path, "not as documented") for each in error.problems]
        # Raised outside the handler: the first error holds the answer, and would hang on this one as its context.
        where = ", ".join(each.path or "the whole answer" for each in problems)
        raise DecodeError(
            f"{operation.method} {operation.path}: the answer holds no credentials as documented: {where}. It is not "
            "kept, since it may hold secrets",
            problems=problems,
            sent="yes",
        )
