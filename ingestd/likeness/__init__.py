"""Likeness of texts: equal texts by their hash, copies by what they share, and the stories that copies form.

A document is placed in three steps, between which the store reads: `short_texts.document`, `ranking.rank`,
`decision.texts_needed`, `decision.decide`.
"""
