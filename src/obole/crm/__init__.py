"""The agents' door: review, issue, follow, configure."""
