"""The pages: a folder each, with its page.py, its sections and its rows. No page knows another."""
