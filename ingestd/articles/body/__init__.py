"""The article's body: found on the page, walked into blocks, freed of boilerplate."""
