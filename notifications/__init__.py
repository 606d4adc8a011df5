"""Gentle prompts, seldom and empty: their place in the house. Nothing is sent yet, and nothing here pretends to."""
