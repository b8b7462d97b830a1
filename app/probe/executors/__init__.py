"""Hooks of concurrent.futures and multiprocessing.pool."""
