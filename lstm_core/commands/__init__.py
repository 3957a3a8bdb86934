"""The verbs of the command line, by theme. Only these files and `__main__.py` know typer."""
