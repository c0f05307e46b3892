"""The form of a dispositif as somebody fills it, and the files that it keeps."""
