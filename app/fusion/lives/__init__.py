"""What is remembered of each thread, process and coroutine; their ids; and the GIL."""
