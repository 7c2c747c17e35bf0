"""Likeness of texts: equal texts by their hash, copies by what they share, and the stories that copies form.

A document (`short_texts.document`) is placed in three steps, between which the store reads: `ranking.rank`,
`decision.texts_needed`, `decision.decide`.
"""
