"""Looking at a study: its rows and traces made into a page, figures for a paper, tables and files."""
