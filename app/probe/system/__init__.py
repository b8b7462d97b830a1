"""Hooks of calls into the system, and of what the interpreter itself does."""
