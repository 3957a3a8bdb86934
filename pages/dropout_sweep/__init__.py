"""What the page Dropout sweep is made of."""
