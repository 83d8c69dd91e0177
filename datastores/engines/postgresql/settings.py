"""From a plan's size to PostgreSQL's settings: one pure function, with the reason of every figure."""

from __future__ import annotations

from dataclasses import dataclass, replace

Setting = str | int | float | bool

SUPERUSER_RESERVED_CONNECTIONS = 3
PROBE_RESERVED_CONNECTIONS = 2
# Two standbys that stream and are being rebuilt, the platform's own logins, and a tenant's logical consumers.
WAL_SENDERS = 20
AUTOVACUUM_WORKERS = 3
# What a backend needs besides work_mem: catalogue caches, stacks and buffers of a connection, in MiB.
BACKEND_MIB = 4
# Small figures of a development installation: an idle server stays at about 25 MiB.
DEVELOPMENT_SHARED_BUFFERS_MIB = 12
DEVELOPMENT_WORK_MEM_MIB = 4
DEVELOPMENT_MAINTENANCE_MIB = 32
# Distinct statements that pg_stat_statements remembers; 5,000 (its own default) take 2 MiB of shared memory.
STATEMENTS = 5000
DEVELOPMENT_STATEMENTS = 1000


@dataclass(frozen=True)
class Memory:
    """How a node's memory is divided; all figures in MiB."""

    shared_buffers: int
    work_mem: int  # per sort or hash of a connection
    maintenance_work_mem: int  # per VACUUM or CREATE INDEX
    effective_cache_size: int  # not taken: what the planner may expect to be cached
    autovacuum_work_mem: int | None = None  # per autovacuum worker; None: the same as maintenance_work_mem

    def peak(self, connections: int) -> int:
        """What the server takes when every connection sorts at once and every autovacuum worker runs, and, where
        an index build has a figure of its own, one such build."""
        maintenance = AUTOVACUUM_WORKERS * (self.autovacuum_work_mem or self.maintenance_work_mem)
        build = self.maintenance_work_mem if self.autovacuum_work_mem else 0
        return self.shared_buffers + connections * (self.work_mem + BACKEND_MIB) + maintenance + build


def for_vectors(division: Memory, *, ram_mib: int) -> Memory:
    """Give index builds more, for a server that holds vectors.

    An HNSW graph is built fast only while all of it fits into ``maintenance_work_mem``: an eighth of the
    plan's memory (at most 4 GiB). Autovacuum's workers get half of what they have elsewhere, so that three of
    them and one build together take about what four workers of a plain server do. Neither is taken before it
    is used, so *development* has the larger figure for builds as well.
    """
    return replace(
        division,
        maintenance_work_mem=min(4096, ram_mib // 8),
        autovacuum_work_mem=max(1, division.maintenance_work_mem // 2),
    )


def memory(*, ram_mib: int, connections: int, development: bool) -> Memory:
    """Divide the plan's memory.

    A quarter for ``shared_buffers`` (the manual's starting point for a dedicated server), a quarter for all
    sorts together, a sixteenth per maintenance task (at most 1 GiB, above which VACUUM of PostgreSQL 17 gains
    little); the rest is the operating system's file cache, which the planner is told of.
    """
    if development:
        return Memory(
            shared_buffers=DEVELOPMENT_SHARED_BUFFERS_MIB,
            work_mem=DEVELOPMENT_WORK_MEM_MIB,
            maintenance_work_mem=DEVELOPMENT_MAINTENANCE_MIB,
            effective_cache_size=ram_mib // 2,
        )
    return Memory(
        shared_buffers=ram_mib // 4,
        work_mem=max(1, ram_mib // 4 // connections),
        maintenance_work_mem=min(1024, ram_mib // 16),
        effective_cache_size=ram_mib * 3 // 4,
    )


def server_settings(
    *,
    ram_gib: int,
    connections: int,
    storage_gib: int,
    development: bool,
    vectors: bool = False,
) -> dict[str, Setting]:
    """Return the settings that follow from a plan, for postgresql.conf.

    ``connections`` is what tenants can open. Every kind of slot that they can't use comes on top, so that the
    limit is exact: the reserved ones here, and ``max_wal_senders``, which PostgreSQL counts apart since
    version 12. Sizes of the disk follow from ``storage_gib`` so that neither a burst of changes nor a
    forgotten replication slot fills it. ``vectors`` is for a server that builds HNSW indexes.
    """
    division = memory(ram_mib=ram_gib * 1024, connections=connections, development=development)
    if vectors:
        division = for_vectors(division, ram_mib=ram_gib * 1024)
    return {
        "max_connections": connections + SUPERUSER_RESERVED_CONNECTIONS + PROBE_RESERVED_CONNECTIONS,
        "superuser_reserved_connections": SUPERUSER_RESERVED_CONNECTIONS,
        "reserved_connections": PROBE_RESERVED_CONNECTIONS,
        "max_wal_senders": WAL_SENDERS,
        "max_replication_slots": WAL_SENDERS,
        "shared_buffers": _mib(division.shared_buffers),
        "work_mem": _mib(division.work_mem),
        "maintenance_work_mem": _mib(division.maintenance_work_mem),
        "autovacuum_work_mem": _mib(division.autovacuum_work_mem or division.maintenance_work_mem),
        "effective_cache_size": _mib(division.effective_cache_size),
        "autovacuum_max_workers": AUTOVACUUM_WORKERS,
        # A sixteenth of the disk between checkpoints (at most 8 GiB, which bounds the time of a recovery),
        # an eighth for a slot that nobody reads, a quarter for the temporary files of one session.
        "max_wal_size": _mib(min(8192, max(256, storage_gib * 1024 // 16))),
        "min_wal_size": "80MB",
        # For a standby that changes over to a new primary, which had no slot for it while it was a standby itself.
        # Little: a former primary that is rewound copies all of it.
        "wal_keep_size": "128MB",
        "max_slot_wal_keep_size": _mib(storage_gib * 1024 // 8),
        "temp_file_limit": _mib(storage_gib * 1024 // 4),
        "pg_stat_statements.max": DEVELOPMENT_STATEMENTS if development else STATEMENTS,
        **ALWAYS,
    }


ALWAYS: dict[str, Setting] = {
    "fsync": True,
    "full_page_writes": True,
    "synchronous_commit": True,
    "wal_level": "logical",  # standbys, and the tenant's own change data capture
    "wal_compression": "lz4",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": 0.9,
    # After a crash everything must be on the disk before it is read: the file system is told once, instead of for each of
    # a thousand files, which took 2.5 s of the outage where others used the disk. Linux 5.8 or newer tells of errors.
    "recovery_init_sync_method": "syncfs",
    "hot_standby": True,
    "hot_standby_feedback": True,  # so that reads on a standby are not cancelled by the primary's clean-up
    # A standby whose stream broke asks again at once: the default of 5 s would be the length of an outage.
    "wal_retrieve_retry_interval": "100ms",
    "wal_receiver_status_interval": "1s",
    "wal_sender_timeout": "10s",
    "wal_receiver_timeout": "10s",
    "allow_alter_system": False,
    # Not POSIX: /dev/shm is small in containers, and closed to a confined server.
    "dynamic_shared_memory_type": "sysv",
    "jit": False,  # the engine tree comes without LLVM
    "random_page_cost": 1.1,  # solid-state disks
    "timezone": "GMT",  # known to the server even where the machine has no time zone data
    "log_timezone": "GMT",
    "password_encryption": "scram-sha-256",
    # A role made by a tenant's role is usable by it at once, as a superuser's would be.
    "createrole_self_grant": "set, inherit",
    # Before they have logged in, clients hold slots as well; a dead one is noticed within two minutes.
    "authentication_timeout": "10s",
    "tcp_keepalives_idle": "60s",
    "tcp_keepalives_interval": "10s",
    "tcp_keepalives_count": 6,
    "client_connection_check_interval": "10s",
    # A statement can hold a password, so the log never quotes one.
    "log_statement": "none",
    "log_min_duration_statement": -1,
    "log_min_error_statement": "panic",
    "log_parameter_max_length": 0,
    "log_parameter_max_length_on_error": 0,
    "log_replication_commands": False,
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "logging_collector": False,
    "track_io_timing": True,
    # So that tenants can have its extension without a restart. A utility statement can hold a password.
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track_utility": False,
}


def _mib(size: int) -> str:
    return f"{size}MB"
