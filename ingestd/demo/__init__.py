"""The newsroom of the demonstration: an invented agency and two invented papers on the loopback.

`newsroom.Newsroom` opens three web servers whose stories come out over 24 seconds:

- Meridian Press, an agency: Atom with the full text, one story corrected in the feed itself;
- The Harrow Bay Courier: RSS 2.0 of links, semantic pages with JSON-LD; one page is touched without a change of text;
- the Tarn Valley Herald: JSON Feed of links, pages of divs without metadata; one story corrected,
  two printed word for word from the agency.

`Newsroom.expected` knows what must come of it.  The stories are in stories.toml, the markup in templates/.
"""
