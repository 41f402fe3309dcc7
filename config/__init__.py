"""Everything that is set from outside: settings, logging, the server that runs the application."""
