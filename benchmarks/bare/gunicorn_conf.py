from deploy import settings

bind = f"{settings.HOST}:{settings.PORT}"
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
worker_class = "gthread"
worker_connections = 1000
keepalive = 75  # seconds: longer than any pause here
