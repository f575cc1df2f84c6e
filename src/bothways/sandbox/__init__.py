"""Stand-ins: servers on loopback that behave as apps do which cannot be reached, for tests and the demo."""
