"""Dates and times as feeds, wires and pages write them: one reader for all formats.

A text is read to its end or not at all: every part of a result was written, and nothing is filled in.
"""
