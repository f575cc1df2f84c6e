"""Views of the service layer as lines of text, one module per family of commands. Nothing here prints or calls."""
