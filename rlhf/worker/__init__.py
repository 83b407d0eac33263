"""One run on this machine: fetch what it needs, train, and report to the server over HTTP.

    PLUMBLINE_URL=… PLUMBLINE_RUN_TOKEN=… PLUMBLINE_WORKDIR=… python -m rlhf.worker

Knows no database and holds no storage keys. Killed at any moment, the next attempt continues from
the newest checkpoint and ends with the same weights.
"""
