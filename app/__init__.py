"""Timeslice: what every process, thread and coroutine of a Python program is doing, for real."""

__version__ = "0.1.0"
