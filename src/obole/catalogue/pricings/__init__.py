"""A pricing while people build it: formulas as they are typed, grids as they are voted, and the list of its parts."""
