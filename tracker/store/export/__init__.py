"""All that is remembered, as text and as plain rows."""
