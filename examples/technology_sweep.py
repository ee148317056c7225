"""Buy the companies that use some technologies, on several keys: ``python technology_sweep.py RESERVE SLUG...``.

THEIRSTACK_API_KEYS has the keys, with blanks between them. Each account keeps RESERVE credits. Where one account ends,
the next one goes on, and so does the next run. The rows are in the table ``companies`` of sweep.db. Printed are the
companies of each domain, and how many jobs they have.
"""

import asyncio
import os
import sqlite3
import sys
from contextlib import closing

from theirstack_async import Company, CompanyFilters, CreditBudget, SQLiteSink, TechFilters, TheirStack


async def main(reserve: int, slugs: list[str]) -> None:
    query = CompanyFilters(tech_filters=TechFilters(keyword_slug_or=slugs))
    async with TheirStack() as client, SQLiteSink("sweep.db") as sink:
        for key in os.environ["THEIRSTACK_API_KEYS"].split():
            view = client.with_options(api_key=key)
            budget = await CreditBudget.from_balance(view, reserve=reserve)
            async with view.companies.incremental(query, state=sink.state, landing="landing", budget=budget) as run:
                print((await run.into(sink)).to_dict())
    with closing(sqlite3.connect("sweep.db")) as database:
        database.create_function("site", 1, lambda text: Company(id="", name="", domain=text).normalized_domain)
        for row in database.execute("SELECT site(domain), group_concat(name), sum(num_jobs) FROM companies GROUP BY 1"):
            print(*row)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
