"""What the page Word map is made of."""
