"""What a coroutine does: its steps, and what it awaits between them."""
