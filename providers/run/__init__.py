"""A ladder: the steps of a test in order, timed, stopping at the first failure.

Imports access, declare, outbound and errors.
"""
