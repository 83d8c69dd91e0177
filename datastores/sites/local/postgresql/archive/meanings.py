"""What pgBackRest's messages mean, in sentences for people: without a secret or a path."""

from __future__ import annotations

from typing import Final

# What pgBackRest's messages contain, and what that means. The first that is found counts.
MEANINGS: Final = (
    ("failed with 403", "The archive's storage refuses the access key: it is wrong, or it has no right to the bucket."),
    ("failed with 404", "The archive's bucket does not exist."),
    ("HTTP request failed", "The archive's storage answered with an error."),
    ("unable to verify certificate", "The certificate of the archive's storage can't be verified."),
    ("unable to get address", "The archive's storage can't be reached: its name is not known."),
    ("HostConnectError", "The archive's storage can't be reached."),
    ("ERROR: [049]", "The archive's storage can't be reached."),
    ("No space left", "The disk of the archive is full."),
    ("Permission denied", "The archive can't be written: permission denied."),
    ("unable to flush", "The archive can't be opened with its key, or its files are damaged."),
    ("CryptoError", "The archive can't be opened with its key, or its files are damaged."),
    ("FormatError", "A file of the archive is damaged."),
    ("ChecksumError", "A file of the archive is damaged: its checksum is wrong."),
    ("invalid checksum", "A file of the archive is damaged: its checksum is wrong."),
    ("is not the expected", "A file of the archive is damaged: it is not the one that was stored."),
    ("unable to load info file", "The archive's own description is missing."),
    ("LZ4F", "A file of the archive is damaged."),
    ("zst error", "A file of the archive is damaged."),
    ("unexpected EOF", "A file of the archive is cut off."),
    ("FileMissingError", "A file of the archive is missing."),
    ("unable to open missing file", "A file of the archive is missing."),
    ("FileOpenError", "A file of the archive can't be opened."),
    ("BackupSetInvalidError", "The archive does not have that backup."),
    ("unable to find a valid backup", "The archive has no backup that fits."),
    ("LockAcquireError", "Another backup of this data store is running."),
    ("unable to connect", "The server did not answer."),
    ("DbConnectError", "The server did not answer."),
    ("terminating connection", "The server was stopped."),
    ("was not archived before", "The log did not arrive in the archive in time."),
    ("shutting down", "The server was stopped."),
)


def meaning(words: str) -> str:
    """Translate its last words; unknown ones are not shown, since nobody checked what they reveal."""
    return next((sentence for part, sentence in MEANINGS if part in words), "The archiver refused; the log says why.")
