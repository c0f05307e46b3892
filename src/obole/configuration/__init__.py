"""
The configuration as a whole: what moves between files, what is copied for a new year, where a thing is used, what
changed.
"""
