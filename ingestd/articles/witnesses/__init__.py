"""What each part of a page says of its article: one witness a module."""
