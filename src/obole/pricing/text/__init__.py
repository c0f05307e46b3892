"""A pricing as text: JSON, formulas as they are typed, grids as they are pasted."""
