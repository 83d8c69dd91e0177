"""Let the database itself refuse to change or remove what stands in the audit trail.

The triggers are ALWAYS triggers: a session in replication mode can't slip past them. The guard against
TRUNCATE is a trigger of its own, so that a test database, which is emptied so, can switch off that one only.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION console_auditevent_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER console_auditevent_append_only BEFORE UPDATE OR DELETE ON console_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION console_auditevent_refuse();
CREATE TRIGGER console_auditevent_no_truncate BEFORE TRUNCATE ON console_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION console_auditevent_refuse();
ALTER TABLE console_auditevent ENABLE ALWAYS TRIGGER console_auditevent_append_only;
ALTER TABLE console_auditevent ENABLE ALWAYS TRIGGER console_auditevent_no_truncate;
"""

BACKWARD = """
DROP TRIGGER console_auditevent_no_truncate ON console_auditevent;
DROP TRIGGER console_auditevent_append_only ON console_auditevent;
DROP FUNCTION console_auditevent_refuse();
"""


class Migration(migrations.Migration):
    """Add the two triggers."""

    dependencies = [("console", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
