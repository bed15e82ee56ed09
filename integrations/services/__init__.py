"""The only package that writes: one room a subject. Imports models, crypto and providers."""
