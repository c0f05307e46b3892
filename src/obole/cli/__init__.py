"""The operators' door: `obole …`, the worker, the demo."""
