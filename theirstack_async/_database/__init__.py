"""Databases behind one protocol, each in a thread of its own, with locks that a dead process does not hold."""
