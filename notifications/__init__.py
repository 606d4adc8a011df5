"""Gentle prompts, seldom and empty: whether, when and with which words; and the way out."""
