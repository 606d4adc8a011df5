"""Language-neutral examples, for devices in any language: what was put into one, and what came out of it."""
