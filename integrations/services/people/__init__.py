"""Accounts, workspaces and tokens: who may do what."""
