"""What is decided: the slices of each track, and all that is handed out in batches."""
