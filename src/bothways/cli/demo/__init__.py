"""The demo: two real servers on this machine, filled, synced, edited, undone, read again as proof, shown on pages."""
