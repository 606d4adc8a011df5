"""The outermost part: HTTP, the worker, command lines, accounts, settings and wiring."""
