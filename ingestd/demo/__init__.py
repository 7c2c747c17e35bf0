"""The newsroom of the demonstration: two invented agencies and two invented papers on the loopback.

`newsroom.Newsroom` opens four web servers whose stories come out over 24 seconds:

- Meridian Press, an agency: Atom with the full text, one story corrected in the feed itself;
- The Harrow Bay Courier: RSS 2.0 of links, semantic pages with JSON-LD; one page is touched without a change of text;
- the Tarn Valley Herald: JSON Feed of links, pages of divs without metadata; one story corrected,
  two printed word for word from the agency;
- Orrin Wire, an agency: NewsML-G2 with versions, a correction, an embargo, and a kill that an older version follows.

`Newsroom.expected` and `expected_of_wire` know what must come of it, `holdings` holds it against what is stored.  The
stories are in stories.toml, the markup in templates/.
"""
