"""Hooks of trio."""
