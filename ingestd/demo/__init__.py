"""The newsroom of the demo: two invented agencies and two invented papers on the loopback.

`newsroom.Newsroom` starts four web servers that publish their stories over 24 seconds:

- Meridian Press, an agency: Atom with the full text; one story is corrected in the feed itself;
- The Harrow Bay Courier: RSS 2.0 with links to semantic pages with JSON-LD; one page changes without a change of text;
- the Tarn Valley Herald: JSON Feed with links to pages of divs without metadata; one story is corrected, two are
  reprinted word for word from the agency;
- Orrin Wire, an agency: NewsML-G2 with versions, a correction, an embargo, and a kill followed by an older version.

`Newsroom.expected` and `expected_wire` compute what a complete daemon holds; `holdings` reads what it stored.  The
stories are in stories.toml, the markup in templates/.
"""
