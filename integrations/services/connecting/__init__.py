"""Saving, trying and ending connections. Imports proving, people and credentials."""
