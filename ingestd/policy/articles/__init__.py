"""Policies for extracted articles: what they become, which dates count, when their pages are revisited."""
