"""Programs for those who work on Timeslice; the application imports nothing from here."""
