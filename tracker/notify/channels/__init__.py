"""The channels that carry a message to a person, one for each service."""
