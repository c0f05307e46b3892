"""A believable town of 20 000, whose past was made by the product's own operations against the simulator."""
