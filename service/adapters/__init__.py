"""What the service speaks to the outside with: a folder per port, a file per vendor, a registry line each."""
