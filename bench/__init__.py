"""Benchmarks: what a sync costs in calls, time, processor and memory."""
