"""What the page Tagging is made of."""
