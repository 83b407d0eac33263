"""Annotators without think time, the servers they work on, and the book that is kept of it."""
