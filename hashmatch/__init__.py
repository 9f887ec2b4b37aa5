"""Match seized media against known-material hash sets without viewing content."""

__version__ = "0.1.0"
