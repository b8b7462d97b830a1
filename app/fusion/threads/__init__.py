"""What a thread does: it runs, is ready, or is off its CPU, and for which reason."""
