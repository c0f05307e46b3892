"""Whether a pricing makes sense, before it is published."""
