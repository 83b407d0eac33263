"""What a pair costs at the very least: a Django + REST framework server that does nothing but check a
token, lease by one UPDATE and store by one INSERT. No roles, no queue order, no blindness, no checks."""
