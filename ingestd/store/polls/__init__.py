"""Sources, their polls and gaps."""
