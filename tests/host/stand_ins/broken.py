"""A web server that cannot start."""

import sys

sys.exit(3)
