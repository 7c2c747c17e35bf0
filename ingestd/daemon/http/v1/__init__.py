"""The API under /v1: one table of routes, from which requests are checked and the description is written."""
