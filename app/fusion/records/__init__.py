"""The way in: records in the order of their time, each given to the machine it is for."""
