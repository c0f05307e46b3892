"""What changed between two versions, and next year's prices."""
