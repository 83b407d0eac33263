"""How gunicorn serves HTTP: `gunicorn -c python:deploy.gunicorn_conf deploy.wsgi`. The numbers are
the same environment variables as everywhere (docs/operating.md)."""

from deploy import settings

bind = f"{settings.HOST}:{settings.PORT}"
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
worker_class = "gthread"
worker_connections = 1000
keepalive = 75  # seconds; a page asks again long before
