"""Addresses of snapshots, models, runs and rounds, and of the workers' protocol."""

from rlhf.api import models, rounds, runs, snapshots, worker

urlpatterns = [
    *snapshots.urlpatterns,
    *models.urlpatterns,
    *runs.urlpatterns,
    *rounds.urlpatterns,
    *worker.urlpatterns,
]
