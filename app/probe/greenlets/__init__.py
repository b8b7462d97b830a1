"""Hooks of greenlet and gevent."""
