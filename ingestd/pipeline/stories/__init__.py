"""Placing records in stories: a consumer of the event log."""
