"""The article's body: its tree walked into blocks, the story found among them, boilerplate removed."""
