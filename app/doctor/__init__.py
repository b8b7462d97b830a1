"""What this machine offers: witnesses, kernel, interpreters; and what would give more."""
