"""One room a platform, each alone enough to know it. None imports another.

They import families, access, run, declare, outbound and errors.
"""
