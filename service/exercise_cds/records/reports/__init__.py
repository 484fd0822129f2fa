"""What a committee learns from the records: counted in the database, shown on one page that works offline."""
