"""Decide when to poll a source, which entries are new or changed, and what may have been missed."""
