"""What others take for the same faults: Patroni with etcd and HAProxy, and Sentinel with HAProxy, on this machine.

Nothing here is part of the product or of its lock. Patroni comes out of `requirements.lock` beside this file (made from
`requirements.in` by pip-compile) into a virtual environment below ~/.cache, etcd into a private tree there; PostgreSQL,
Valkey and HAProxy are the product's own trees, so that the comparison is one of failover alone.
"""
