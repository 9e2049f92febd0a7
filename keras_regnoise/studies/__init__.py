"""Studies: searches over noise that end in a table and a figure."""
