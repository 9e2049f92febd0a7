"""Trains the cells of a run, and survives being killed."""
