"""The whole mission, played over HTTP as four people would, and checked at each step."""
