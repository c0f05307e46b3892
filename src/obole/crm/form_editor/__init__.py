"""The form of a dispositif, question by question, in a draft."""
