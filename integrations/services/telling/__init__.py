"""Telling people what they have to know."""
