"""The languages that users read: which there are, and the sentences of the interface in each."""
