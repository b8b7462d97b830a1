"""What is remembered of each thread, process and coroutine, who is who, and the GIL."""
