"""What the SDK costs and how fast it is, side by side with what else there is: ``python -m benchmarks``."""
