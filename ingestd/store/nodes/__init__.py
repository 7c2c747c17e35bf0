"""Nodes: the daemons that work on this database, by name."""
