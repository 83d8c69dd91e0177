"""MySQL's binary log as files: read, kept encrypted, and made ready to be replayed. No part of Django: jobs run it."""
