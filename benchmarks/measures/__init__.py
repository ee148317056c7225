"""What is measured: each module has a ``measure(scale)`` that yields rows of the table."""
