"""Engines: what claims due polls, pages and revisits and has them worked on."""
