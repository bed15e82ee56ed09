"""Health checks, and what they find: when each is due, what became of it, what broke.

Imports telling, connecting, proving and credentials.
"""
