"""Tests and runs: asking a platform, and keeping its answer. Imports credentials."""
