"""What platforms are and how they are asked: plain Python, without Django or a database.

Imports go one way: platforms, families, access and run, declare, outbound, errors.
"""
