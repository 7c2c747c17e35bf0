"""News agencies named in a story."""
