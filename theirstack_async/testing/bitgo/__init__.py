"""The fake BitGo, by subject."""
