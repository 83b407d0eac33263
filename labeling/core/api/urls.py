"""Addresses of people: session, first administrator, password, tokens."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
