"""The demo: two real servers on this machine, filled, synced, edited, undone, and read again to prove it."""
