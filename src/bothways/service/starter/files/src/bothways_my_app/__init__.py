"""My app for Bothways."""
