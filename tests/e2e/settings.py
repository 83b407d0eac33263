"""Those of the product, but passwords are cheap to check: every test signs several people in."""

from deploy.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
