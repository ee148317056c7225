"""Bytes in, values out: what goes over the wire, without any input or output."""
