"""What the page Probes is made of."""
