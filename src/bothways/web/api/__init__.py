"""The HTTP API: what the pages can do, for programs, by tokens. One module per subject, as of the pages."""

PREFIX = "/api/v1/"
