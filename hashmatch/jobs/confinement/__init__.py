"""Worker processes that can do nothing but read the evidence and answer."""
