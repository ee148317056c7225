"""What companies and previews of companies share."""

from datetime import date

import attrs

from theirstack_async.models._base import Model
from theirstack_async.models._open_enum import OpenEnum
from theirstack_async.models.company_keyword import CompanyKeywordFound
from theirstack_async.models.job_summary import JobSummary


class FundingStage(OpenEnum):
    """The kind of a company's latest funding round."""

    ANGEL = "angel"
    CONVERTIBLE_NOTE = "convertible_note"
    CORPORATE_ROUND = "corporate_round"
    DEBT_FINANCING = "debt_financing"
    EARLY_VC = "early_vc"
    EQUITY_CROWDFUNDING = "equity_crowdfunding"
    GRANT = "grant"
    GROWTH_EQUITY_VC = "growth_equity_vc"
    INITIAL_COIN_OFFERING = "initial_coin_offering"
    LATE_VC = "late_vc"
    NON_EQUITY_ASSISTANCE = "non_equity_assistance"
    OTHER = "other"
    POST_IPO_DEBT = "post_ipo_debt"
    POST_IPO_EQUITY = "post_ipo_equity"
    POST_IPO_SECONDARY = "post_ipo_secondary"
    PRE_SEED = "pre_seed"
    PRIVATE_EQUITY = "private_equity"
    PRODUCT_CROWDFUNDING = "product_crowdfunding"
    SECONDARY_MARKET = "secondary_market"
    SEED = "seed"
    SERIES_A = "series_a"
    SERIES_B = "series_b"
    SERIES_C = "series_c"
    SERIES_D = "series_d"
    SERIES_E = "series_e"
    SERIES_F = "series_f"
    SERIES_G = "series_g"
    SERIES_H = "series_h"
    SERIES_I = "series_i"
    SERIES_J = "series_j"
    SERIES_UNKNOWN = "series_unknown"
    UNDISCLOSED = "undisclosed"
    VENTURE_ROUND_NOT_SPECIFIED = "venture_round_not_specified"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CompanyFields(Model):
    """The fields of a company. Not a type of its own: whatever takes a company must tell real ones from previews."""

    id: str
    """An opaque text; the vendor calls it unstable."""
    name: str
    domain: str | None = None
    """The domain of its web site."""
    industry: str | None = None
    country: str | None = None
    """The country of the headquarters, in words."""
    country_code: str | None = None
    """The country of the headquarters, two letters (ISO 3166-1 alpha-2)."""
    employee_count: int | None = None
    logo: str | None = None
    """The address of an image."""
    num_jobs: int = 0
    """Jobs of this company on record."""
    num_technologies: int = 0
    """Technologies named in its jobs."""
    num_keywords: int = 0
    """Keywords, that is technologies and buying-intent topics, named in its jobs."""
    num_buying_intent_topics: int = 0
    """Buying-intent topics named in its jobs."""
    possible_domains: tuple[str, ...] = ()
    url: str | None = None
    """The same as ``domain``; the vendor means to deprecate it."""
    industry_id: int | None = None
    """LinkedIn's industry code, version 2."""
    linkedin_url: str | None = None
    num_jobs_last_30_days: int = 0
    num_jobs_found: int | None = None
    """Jobs that match, when companies are searched by their jobs."""
    yc_batch: str | None = None
    """The batch of Y Combinator, such as ``W21``."""
    apollo_id: str | None = None
    linkedin_id: str | None = None
    url_source: str | None = None
    is_recruiting_agency: bool | None = None
    founded_year: int | None = None
    annual_revenue_usd: float | None = None
    """US dollars a year."""
    annual_revenue_usd_readable: str | None = None
    """Such as ``189M``."""
    total_funding_usd: int | None = None
    """US dollars."""
    last_funding_round_date: date | None = None
    last_funding_round_amount_readable: str | None = None
    """Such as ``$1.2M``."""
    employee_count_range: str | None = None
    """Such as ``1001-5000``."""
    long_description: str | None = None
    seo_description: str | None = None
    """How its web site describes it to search engines."""
    city: str | None = None
    """The city of the headquarters."""
    postal_code: str | None = None
    company_keywords: tuple[str, ...] | None = None
    """Deprecated by the API: use ``company_tags``."""
    company_tags: tuple[str, ...] = ()
    """What the company does, in keywords."""
    alexa_ranking: int | None = None
    publicly_traded_symbol: str | None = None
    publicly_traded_exchange: str | None = None
    investors: tuple[str, ...] | None = None
    funding_stage: FundingStage | None = None
    has_blurred_data: bool = False
    """Whether what identifies the company is blurred, as in a preview."""
    keyword_slugs: tuple[str, ...] = ()
    """The keywords found in its jobs."""
    technology_slugs: tuple[str, ...] | None = None
    """Those of ``keyword_slugs`` that are technologies."""
    technology_names: tuple[str, ...] | None = None
    """Deprecated by the API: use ``technology_slugs``."""
    technologies_found: tuple[CompanyKeywordFound, ...] = ()
    """In a row of a search: the technologies that the search asked for."""
    jobs_found: tuple[JobSummary, ...] = ()
    """In a row of a search: at most five of the latest jobs that match."""
    keywords_found: tuple[CompanyKeywordFound, ...] = ()
    """In a row of a search: the keywords that the search asked for."""

    @property
    def jobs_found_is_sample(self) -> bool:
        """Whether more jobs match than ``jobs_found`` shows, which holds five at the most."""
        return (self.num_jobs_found or 0) > len(self.jobs_found)
