"""`manage.py dispatch`, but for the worker it starts."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from rlhf.executors import LocalExecutor
    from rlhf.management.commands import dispatch

    script = str(Path(__file__).with_name("scripted_worker.py"))
    dispatch.LocalExecutor = lambda: LocalExecutor(command=[sys.executable, script])
    call_command("dispatch", *sys.argv[1:])
