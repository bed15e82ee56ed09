"""The only way out: checked addresses, connections within limits, and Api.

Imports errors alone.
"""
