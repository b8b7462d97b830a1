"""Getting into a program's process: from the bundled code to the installed hooks."""
