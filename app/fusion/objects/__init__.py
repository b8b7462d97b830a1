"""The objects of a run: names, holders, waiters, levels; and the reasons to wait for them."""
