"""What several pages show, each part in one place.

csv_file  frames as files that any spreadsheet may open
table     frames on a page, with a choice of one row
"""
