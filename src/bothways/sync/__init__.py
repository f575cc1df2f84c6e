"""The doing: a run reads, plans, brakes, writes and records; undo; why."""
