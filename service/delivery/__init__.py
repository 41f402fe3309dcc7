"""The worker: claims what is to be told, prepares it, renders it, sends it and settles what became of it."""
