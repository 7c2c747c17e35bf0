"""Stories: which records have one another's text, in the database.

`pipeline.stories` places records; it reads with `documents`, `index` and `members`, collects what to write in a
`working_set`, and writes it with `write`, all in the order of the event log (`cursor`).
"""
