"""
The demonstration: a believable town of 20 000, whose past was made by the product's own operations against the
simulator. It stands beside the product, which knows nothing of it, and is not installed with it.
"""
