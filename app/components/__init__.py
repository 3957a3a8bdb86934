"""What several pages show: tables, and tables as files."""
