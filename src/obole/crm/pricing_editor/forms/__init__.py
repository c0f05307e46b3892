"""The forms of the parts of a pricing, one for each: what is typed becomes the part that the engine knows."""
