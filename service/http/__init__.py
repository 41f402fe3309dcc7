"""What pages and API share of HTTP: who asks, cookies, origins, errors, headers."""
