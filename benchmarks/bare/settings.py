"""The least a Django project needs; the database is opened as the product opens it."""

from __future__ import annotations

import os

from deploy.settings import DATABASES, DEFAULT_AUTO_FIELD, USE_TZ  # noqa: F401

SECRET_KEY = os.environ.get("SECRET_KEY", "bare")
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "rest_framework.authtoken",
    "benchmarks.bare",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # sets Content-Length
ROOT_URLCONF = "benchmarks.bare.urls"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
