"""One module a subject: each route decodes, calls one function, encodes."""
