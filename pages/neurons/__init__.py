"""What the page Neurons is made of."""
