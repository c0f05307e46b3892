"""What a pricing is: data, formulas, tariffs, lines, and what a computation gives."""
