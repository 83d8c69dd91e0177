"""Which dependencies a tree leaves out: what a server never runs from it."""

from __future__ import annotations

from collections.abc import Collection

# Package managers, maintainer scripts' helpers, login and system tools, and what only those need.
# LLVM would be the largest part of PostgreSQL's tree; without it the engine runs with jit = off.
NAMES = frozenset(
    {
        "adduser",
        "base-files",
        "base-passwd",
        "coreutils",
        "debconf",
        "debianutils",
        "dpkg",
        "libaudit-common",
        "libc-bin",
        "libc-l10n",
        "libdb5.3",
        "libdb5.3t64",
        "libdebconfclient0",
        "libio-pty-perl",
        "libipc-run-perl",
        "libsemanage-common",
        "libsemanage2",
        "libsepol2",
        "locales",
        "login",
        "login.defs",
        "logsave",
        "lsb-base",
        "mawk",
        "mount",
        "mysql-common",
        "netbase",
        "openssl",
        "passwd",
        "perl",
        "perl-base",
        "postgresql-client-common",
        "postgresql-common",
        "postgresql-common-dev",
        "procps",
        "readline-common",
        "runit-helper",
        "sed",
        "sensible-utils",
        "ssl-cert",
        "sysuser-helper",
        "sysvinit-utils",
        "tar",
        "tzdata",
        "ucf",
        "util-linux",
    }
)
PREFIXES = (
    "cdebconf",
    "init-system-helpers",
    "libbpf",
    "libc-gconv",
    "libgdbm",
    "libjson",
    "libllvm",
    "libpam-modules",
    "libpam-runtime",
    "libperl",
    "libproc2",
    "libsystemd-shared",
    "libtext-",
    "libz3",
    "perl-modules",
    "systemd",
)


def is_skipped(package: str, asked_for: Collection[str]) -> bool:
    """Whether a dependency stays out; what the catalogue asks for by name never does."""
    return package not in asked_for and (package in NAMES or package.startswith(PREFIXES))
