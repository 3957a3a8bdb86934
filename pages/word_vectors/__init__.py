"""What the page Word vectors is made of."""
