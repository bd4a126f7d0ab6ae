"""The command line: `separate`, and `lass` with everything.

Thin on purpose: options in, sentences out. Nothing heavy is imported before the options are
understood, so that help and usage errors are immediate.
"""
