"""The industries, by LinkedIn's codes and names
(https://learn.microsoft.com/en-us/linkedin/shared/references/reference-tables/industry-codes-v2).
"""

from __future__ import annotations

from typing import Any, Final

from theirstack_async.testing.words import INDUSTRY_IDS

_MORE: Final = {
    3: "Computer Hardware Manufacturing", 7: "Semiconductor Manufacturing", 8: "Telecommunications", 9: "Law Practice",
    10: "Legal Services", 11: "Business Consulting and Services", 12: "Biotechnology Research",
    13: "Medical Practices", 15: "Pharmaceutical Manufacturing", 16: "Veterinary Services",
    17: "Medical Equipment Manufacturing", 19: "Retail Apparel and Fashion", 20: "Sporting Goods Manufacturing",
    23: "Food and Beverage Manufacturing", 25: "Manufacturing", 26: "Furniture and Home Furnishings Manufacturing",
    27: "Retail", 28: "Entertainment Providers", 29: "Gambling Facilities and Casinos", 31: "Hospitality",
    32: "Restaurants", 41: "Banking", 42: "Insurance", 44: "Real Estate", 47: "Accounting", 48: "Construction",
}  # fmt: skip
"""Those that no company of the data set is in."""
_NAMES: Final = dict(sorted((_MORE | INDUSTRY_IDS).items()))


def _industry(number: int, name: str) -> dict[str, Any]:
    parent = next((one for one in (25, 27) if name != _NAMES[one] and _NAMES[one] in name), None)
    return {
        "industry_id": number,
        "industry": name,
        "hierarchy": name if parent is None else f"{_NAMES[parent]} > {name}",
        "description": f"Companies whose main business is {name.lower()}.",
        "parent_id": parent,
    }


INDUSTRIES: Final = {number: _industry(number, name) for number, name in _NAMES.items()}
"""What is known of each, by its number: all that does not depend on the data set."""
