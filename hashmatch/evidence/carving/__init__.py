"""Pictures and videos in space that nothing has allocated, found by their structure."""
