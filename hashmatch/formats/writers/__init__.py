"""Ways to write the records of a set as a list that other tools read."""
