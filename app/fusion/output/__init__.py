"""Whose words are whose: the program's output, given to the tracks that wrote it."""
