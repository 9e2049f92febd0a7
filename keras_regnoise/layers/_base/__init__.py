"""What the layers share; nothing here is public."""
