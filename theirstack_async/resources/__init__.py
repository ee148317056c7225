"""One method per endpoint, in one file a noun."""
