"""A run as text: lanes, states, findings and claims for a terminal."""
