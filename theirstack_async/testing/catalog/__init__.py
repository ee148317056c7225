"""The catalog: keywords and their categories, industries, countries and locations. All of it is free."""
