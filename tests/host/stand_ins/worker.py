"""A worker that notes its pid and address of the database, and waits."""

import os
import time
from pathlib import Path

Path(os.environ["DATA_DIR"], "worker.note").write_text(f"{os.getpid()} {os.environ['DATABASE_URL']}")
time.sleep(600)
