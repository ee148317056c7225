"""Where it is kept how far each profile is."""
