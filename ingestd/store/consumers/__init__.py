"""Consumers of the event log: how far they are, what could not be delivered to them, and who delivers to them."""
