"""A company."""

from theirstack_async.models._company_fields import CompanyFields
from theirstack_async.models._domain import normalized


class Company(CompanyFields):
    """A company: the employer of a job, or a row of a company search (which fills the last three fields)."""

    __slots__ = ()

    @property
    def normalized_domain(self) -> str | None:
        """The domain for joining with other data: ``example.com`` for ``https://www.Example.com:443/about``.

        In lower case, without scheme, user, port, path, ``www.`` and the dot at the end; an internationalized one stays
        in the form that it came in. From ``domain``, else from ``url``; None where neither holds one.
        """
        return normalized(self.domain) or normalized(self.url)
