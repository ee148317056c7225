"""How one call is made: transport, retry, slots, dialect, pipeline."""
