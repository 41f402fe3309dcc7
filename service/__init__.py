"""Masthead: accounts for publishing sites."""

__version__ = "0.1.0"
