"""What tests stand on: real databases, a real mail server that can misbehave, the service in many guises."""
