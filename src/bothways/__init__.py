"""Keep the records of two business apps in step, both ways."""

__version__ = "0.1.0"
