"""Ends the engine when whoever started it has gone, and lets it find stand-ins for packages it does not have.

The starter holds the other end of standard input. Its end closes with the starter, even when that was killed, and the server's whole
process group is ended: asked first, then forced. Python imports this module by itself, since its folder is on PYTHONPATH.
"""

import os
import sys

# Modules that stand in for packages which are not installed; last, so that an installed one is taken.
if os.environ.get("SEARCHLIGHT_STAND_INS"):
    sys.path.append(os.environ["SEARCHLIGHT_STAND_INS"])

if os.environ.get("SEARCHLIGHT_LEASH") == "stdin" and {"skyrl.tinker.api", "skyrl.tinker.engine"} & set(sys.orig_argv):
    import signal
    import threading
    import time

    def hold():
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass
        os.killpg(0, signal.SIGTERM)
        time.sleep(5)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=hold, daemon=True).start()
