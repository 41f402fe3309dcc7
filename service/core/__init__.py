"""The vocabulary of the service: values, refusals, tokens, policy and the ports flows speak through."""
