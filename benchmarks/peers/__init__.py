"""The programs that are compared. Each is written as its users would, and reads the same pages of the same server."""
