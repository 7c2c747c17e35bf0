"""Records, their revisions and carriers.

- saving: `save` commits the outcomes of entries (`outcomes`).  `page_records` decides which record an article belongs
  to, `wire_items` and `wire_versions` do so for wire items, and `unit_of_work` writes the rows of both.
- reading: `records`, `evidence`
- later changes: `releases` (embargoes that ended), `reprocessing` (other extraction rules)
"""
