"""Databases behind one protocol, each worked on in a thread of its own, with locks that a dead process does not hold."""
