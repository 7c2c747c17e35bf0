"""Likeness of texts: the normal form in which they are compared, and its hash."""
