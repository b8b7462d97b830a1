"""Hooks of multiprocessing."""
