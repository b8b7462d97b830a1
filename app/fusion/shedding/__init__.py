"""Where fusion cannot keep up: which records are given up, and what is unknown then."""
