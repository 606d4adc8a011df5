"""Let `python -m api` be the command `haven`."""

from api.cli import main

main()
