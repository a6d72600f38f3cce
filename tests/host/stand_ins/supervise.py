"""A supervisor over the two small programs beside it, with the settings of the environment."""

import sys
from pathlib import Path

from dispatch.config import given
from dispatch.host.errors import CannotStart
from dispatch.host.supervisor import Programs, Supervisor

here = Path(__file__).parent
small = Programs(web=[str(here / sys.argv[1])], worker=[str(here / "worker.py")], terminals=[str(here / "terminals.py")])
try:
    Supervisor(given(), programs=small, announce=lambda settings: print("serving", flush=True)).run()
except CannotStart as reason:
    sys.exit(str(reason))
