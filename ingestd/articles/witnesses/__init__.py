"""Witnesses: the parts of a page that state fields of its article, one module each."""
