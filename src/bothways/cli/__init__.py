"""The command line: one face over the service layer. Commands call, ``render`` turns results into text."""
