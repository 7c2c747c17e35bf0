"""When to poll a source, what is new in its feed, and what may have been missed."""
