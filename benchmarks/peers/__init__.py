"""Trainings of ours and of a peer at the same settings, each in a process of its own where memory counts."""
