"""The page Writing."""
