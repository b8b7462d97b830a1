"""Generators that the program drives by hand, as coroutines were before async."""
