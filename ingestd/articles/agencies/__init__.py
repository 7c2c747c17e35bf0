"""News agencies that a story names."""
