"""The apps: the contract of a connector, the one HTTP client, and a package per app."""
