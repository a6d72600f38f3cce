"""A listener for terminals that notes its pid and port, and waits."""

import os
import time
from pathlib import Path

Path(os.environ["DATA_DIR"], "terminals.note").write_text(f"{os.getpid()} {os.environ['JT808_PORT']}")
time.sleep(600)
