"""From a plan's size to MySQL's settings: one pure function, with the reason of every figure."""

from __future__ import annotations

from dataclasses import dataclass

Setting = str | int | bool

# What a connection takes of its own, in MiB: its thread, its network buffers, one sort and one join.
CONNECTION_MIB = 2
# The server without its caches, in MiB, as measured; with the performance schema once it has filled.
BASE_MIB = 192
PERFORMANCE_SCHEMA_MIB = 256
PERFORMANCE_SCHEMA_FROM_GIB = 4
# The buffer pool grows in steps of this size, in MiB.
POOL_STEP_MIB = 64
DEVELOPMENT_POOL_MIB = 32
DEVELOPMENT_TEMPORARY_MIB = 16
DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Memory:
    """How a node's memory is divided; all figures in MiB."""

    buffer_pool: int
    temporary_tables: int  # all that live in memory at once; larger ones go to disk
    log_buffer: int
    performance_schema: bool

    def peak(self, connections: int) -> int:
        """What the server takes when every connection sorts and joins at once."""
        shared = self.buffer_pool + self.temporary_tables + self.log_buffer
        observing = PERFORMANCE_SCHEMA_MIB if self.performance_schema else 0
        return BASE_MIB + observing + shared + connections * CONNECTION_MIB


def memory(*, ram_gib: int, connections: int, development: bool) -> Memory:
    """Divide the plan's memory.

    An eighth stays free for the operating system, a sixteenth is for temporary tables; the buffer pool gets
    what the server itself and a full house of connections leave, since InnoDB has no other cache.
    """
    if development:
        return Memory(DEVELOPMENT_POOL_MIB, DEVELOPMENT_TEMPORARY_MIB, log_buffer=2, performance_schema=False)
    ram = ram_gib * 1024
    observed = ram_gib >= PERFORMANCE_SCHEMA_FROM_GIB
    others = Memory(0, temporary_tables=ram // 16, log_buffer=16, performance_schema=observed)
    left = ram - ram // 8 - others.peak(connections)
    pool = max(DEVELOPMENT_POOL_MIB, left // POOL_STEP_MIB * POOL_STEP_MIB)
    return Memory(pool, others.temporary_tables, others.log_buffer, observed)


def server_settings(
    *,
    ram_gib: int,
    connections: int,
    storage_gib: int,
    development: bool,
) -> dict[str, Setting]:
    """Return the settings that follow from a plan, for the [mysqld] section of an option file.

    ``connections`` is what tenants can open. The server counts the platform's own logins among them, so that
    the platform raises ``max_connections`` while it is logged in. Sizes of the disk follow from
    ``storage_gib``, so that neither redo log nor temporary files fill it.
    """
    division = memory(ram_gib=ram_gib, connections=connections, development=development)
    tables = 400 if development else 4000
    storage = storage_gib * 1024
    return {
        "max_connections": connections,
        "innodb_buffer_pool_size": _mib(division.buffer_pool),
        "innodb_buffer_pool_chunk_size": _mib(min(POOL_STEP_MIB, division.buffer_pool)),
        "innodb_buffer_pool_instances": 1,
        "innodb_log_buffer_size": _mib(division.log_buffer),
        "temptable_max_ram": _mib(division.temporary_tables),
        "temptable_max_mmap": 0,  # past that, on disk as InnoDB tables
        "performance_schema": division.performance_schema,
        "table_open_cache": tables,
        "table_definition_cache": max(400, tables // 2),
        "open_files_limit": open_files(connections, tables),
        # A 32nd of the disk, at most 8 GiB: the longer the log, the longer a recovery.
        "innodb_redo_log_capacity": _mib(64 if development else min(8192, max(128, storage // 32))),
        "max_binlog_size": _mib(min(1024, max(64, storage // 64))),
        # For standbys that lag and tenants who read the log; what backups need is archived within minutes.
        "binlog_expire_logs_seconds": DAY_SECONDS // 4 if development else DAY_SECONDS,
        "innodb_temp_data_file_path": f"ibtmp1:12M:autoextend:max:{max(64, storage // 8)}M",
        **ALWAYS,
        **(DEVELOPMENT if development else {}),
    }


# MySQL's own: ten, and two for each of the 400 tables to which it shrinks its cache before it takes fewer clients.
LEAST_OTHER_FILES = 10 + 2 * 400


def open_files(connections: int, tables: int) -> int:
    """File descriptors that the server needs: with fewer, it silently lowers ``max_connections``.

    MySQL's own formulas, of which it takes the largest: two per cached table and one per connection, or five
    per connection; some are added for logs and for the platform.
    """
    return max(connections + 2 * tables, 5 * connections, 5000) + 200


# Fewer threads and no asynchronous I/O, of which a machine with many small servers would run out.
DEVELOPMENT: dict[str, Setting] = {
    "innodb_use_native_aio": False,
    "innodb_read_io_threads": 1,
    "innodb_write_io_threads": 1,
    "innodb_purge_threads": 1,
    "innodb_page_cleaners": 1,
    "table_open_cache_instances": 1,
}

ALWAYS: dict[str, Setting] = {
    # Every commit is on disk before it is acknowledged, in the log of changes as well.
    "innodb_flush_log_at_trx_commit": 1,
    "sync_binlog": 1,
    "innodb_flush_method": "O_DIRECT",
    "log_bin": "binlog",
    "gtid_mode": "ON",
    "enforce_gtid_consistency": "ON",
    "log_replica_updates": True,
    # Workers wait for the disk, not for the processor, and commit in groups: with two, a standby applied a fifth of
    # what with eight, and less than its primary writes.
    "replica_parallel_workers": 8,
    "binlog_row_metadata": "FULL",  # column names and types for readers of the log
    # Rows are logged, not statements, so that a tenant's triggers and functions can't make standbys differ.
    "log_bin_trust_function_creators": True,
    # These survive no crash, and standbys that are cloned get them empty.
    "disabled_storage_engines": "MyISAM,MRG_MYISAM,CSV,ARCHIVE,BLACKHOLE,FEDERATED",
    "character_set_server": "utf8mb4",
    "collation_server": "utf8mb4_0900_ai_ci",
    "default_time_zone": "+00:00",
    "log_timestamps": "UTC",
    "require_secure_transport": True,
    "tls_version": "TLSv1.2,TLSv1.3",
    "partial_revokes": True,
    "local_infile": False,
    "secure_file_priv": "NULL",  # the word that closes LOAD DATA, INTO OUTFILE and LOAD_FILE for everybody
    "persisted_globals_load": False,  # settings come from the platform's file only
    "allow_suspicious_udfs": False,
    "mysqlx": False,
    "skip_name_resolve": True,
    # Every client comes from the edge's address: one that fails often must not get all others blocked.
    "max_connect_errors": 4294967295,
    "connect_timeout": 10,
    "general_log": False,
    "slow_query_log": False,
    "log_error_verbosity": 2,
    "log_raw": False,
    # No RSA keys: passwords travel by TLS only. And a standby's table of settings holds no password, though it is said to.
    "log_error_suppression_list": "MY-010284,MY-010897",
    "auto_generate_certs": False,
    "caching_sha2_password_auto_generate_rsa_keys": False,
    "sha256_password_auto_generate_rsa_keys": False,
    "event_scheduler": "ON",
}


def _mib(size: int) -> str:
    return f"{size}M"
