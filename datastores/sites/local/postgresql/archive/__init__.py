"""PostgreSQL's archive by pgBackRest."""
