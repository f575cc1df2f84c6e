"""The deciding: match, map, merge and plan. Pure functions: no I/O, no clock, no chance."""
