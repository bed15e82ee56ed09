"""The HTTP API: routes, shapes, errors and their description. Imports services and models."""
