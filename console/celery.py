"""The Celery application: the doorbell of the operations, never their memory."""

import os

from celery import Celery
from celery.signals import task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
app = Celery("headwater")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["console", "datastores", "marketplace"])


@task_prerun.connect
@task_postrun.connect
def check_connections(**_kwargs: object) -> None:
    """Keep a thread's database connection from task to task while it is good, as requests do."""
    from django.db import close_old_connections

    close_old_connections()
