"""Sources, the results of their polls, gaps, redirects and hub subscriptions."""
