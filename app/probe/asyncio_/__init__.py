"""Hooks of asyncio and uvloop."""
