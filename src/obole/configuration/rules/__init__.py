"""
What a file of configuration holds: its sections, how it is written, how it is read, and what importing it would change.
"""
