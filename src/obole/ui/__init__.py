"""Base pages, components, template tags and shared static files."""
