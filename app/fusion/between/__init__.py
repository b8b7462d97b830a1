"""What concerns several tracks: flows, deadlocks, endings, findings, servers outside the run."""
