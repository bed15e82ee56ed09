"""Fire drills: a break that is only practised, by the engine, judging and channels of real ones.

Imports the rest of watching, telling and people.
"""
