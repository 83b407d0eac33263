import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

NO_LENGTH = {"code": "length_required", "message": "Send a Content-Length with the body.", "fields": {}}


def with_known_length(application: Application) -> Application:
    """Django reads as far as Content-Length says: without it a body would silently be empty."""

    def checked(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if "HTTP_TRANSFER_ENCODING" not in environ or environ.get("CONTENT_LENGTH"):
            return application(environ, start_response)
        body = json.dumps(NO_LENGTH).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("411 Length Required", headers)
        return [body]

    return checked


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
application = with_known_length(get_wsgi_application())
