"""Hooks of threading, queue and logging."""
