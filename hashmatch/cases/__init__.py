"""A case folder: its settings, its runs and where everything lies."""
