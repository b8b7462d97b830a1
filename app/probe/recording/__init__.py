"""Records: how they are written, and what they name."""
