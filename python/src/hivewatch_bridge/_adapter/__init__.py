"""What the adapters for FL frameworks share."""
