"""Sealed rows: what opens a platform, and how it is kept alive."""
