"""The program's output, each piece given to the track that wrote it."""
