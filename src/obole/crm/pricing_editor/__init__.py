"""The pricing of a dispositif, part by part, in a draft."""
