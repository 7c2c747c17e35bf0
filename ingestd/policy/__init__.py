"""Decisions, as plain functions: when to come back, what is new, what an article becomes."""
