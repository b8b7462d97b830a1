"""The command line. ``timeslice`` and ``python -m app`` call ``main``.

``commands`` takes the arguments of every command. ``running`` is the command ``run``: ``programs``
reads a program of the user's own, ``headless`` runs it, ``text`` prints what it did. ``server`` is
the command ``serve``. ``configuration`` reads the settings, ``files`` writes what was asked for.
"""

from app.cli.commands import main

__all__ = ["main"]
