"""Hostile input: one target a format, seeds, a kept corpus, and the replay of both."""
