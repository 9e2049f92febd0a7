"""How the networks of the papers' studies are built and trained, one file each."""
