"""People who sign in, the tokens they hold, and the record of what they did."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A login. What someone may do in a project stands in their memberships;
    `is_operator` may create projects and see every one of them."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    is_operator = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    # Kept beside the authenticators themselves, so that the gate to a project costs no query more.
    has_second_factor = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    # The token this request came with; None in a browser session. Set by the authentication.
    token: ApiToken | None = None

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.email


class Preferences(models.Model):
    """How one person reads and which keys they use: the same in all their browsers. Only the pages
    make something of it."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="+")
    # By the names of `PreferencesSerializer`; what was never chosen is missing.
    chosen = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


def all_scopes() -> list[str]:
    return ["all"]


class ApiToken(models.Model):
    """A person's key for scripts. Only a digest is kept; the secret is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    # Words of `labeling.core.permissions.Scope`; what was made before there were scopes may do all.
    scopes = models.JSONField(default=all_scopes)
    # Set: good for this project only, and for nothing that belongs to none.
    project_slug = models.CharField(max_length=80, blank=True)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEvent(models.Model):
    """Append-only: who did what to what. Triggers in the database refuse every change and every
    deletion but one: erasing a person puts a pseudonym in the place of `actor`."""

    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_pseudonym = models.CharField(max_length=40, blank=True)
    project_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=80)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["project_id", "id"], name="audit_by_project"),
            models.Index(fields=["object_type", "object_id", "id"], name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"
