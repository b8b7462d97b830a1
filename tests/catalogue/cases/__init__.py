"""Hand-made timelines for each claim: one where it holds, one where it fails, one not seen."""
