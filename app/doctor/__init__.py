"""What this machine offers to Timeslice: witnesses, kernel, interpreters; and what to do for more."""
