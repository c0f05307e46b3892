"""The operators' door: `obole …`, the worker."""
