"""What is kept: decision records and feedback. The only room that knows a database."""
