"""The papers' ablations: one file each, on the same protocol."""
