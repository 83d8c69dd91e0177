"""A similarity search that works when pasted: table, HNSW index, three rows, and the nearest of them."""

from __future__ import annotations

from datastores.engines.contract import Access, Snippet
from datastores.engines.postgresql.snippets import PYTHON_INSTALL, filled

PYTHON = """\
import psycopg

# Three dimensions so that you can read them; those of your model go into vector(…).
DOCUMENTS = {{
    "Espresso": [0.9, 0.1, 0.0],
    "Green tea": [0.7, 0.6, 0.1],
    "Bicycle": [0.0, 0.2, 0.9],
}}

with psycopg.connect(
    host={host},
    port={port},
    user={user},
    password={password},
    dbname={database},
    sslmode="{ssl_mode}",
    sslrootcert="{ca}",
) as connection:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS documents (title text PRIMARY KEY, embedding vector(3) NOT NULL)"
    )
    connection.execute(
        "CREATE INDEX IF NOT EXISTS documents_embedding ON documents USING hnsw (embedding vector_cosine_ops)"
    )
    for title, embedding in DOCUMENTS.items():
        connection.execute(
            "INSERT INTO documents VALUES (%s, %s::vector)"
            " ON CONFLICT (title) DO UPDATE SET embedding = excluded.embedding",
            (title, str(embedding)),
        )
    nearest = connection.execute(
        "SELECT title, embedding <=> %(wanted)s::vector AS distance FROM documents"
        " ORDER BY embedding <=> %(wanted)s::vector LIMIT 2",
        {{"wanted": str([0.8, 0.3, 0.0])}},
    )
    for title, distance in nearest:
        print(f"{{distance:.3f}}  {{title}}")
"""

SQL = """\
-- Three dimensions so that you can read them; those of your model go into vector(…).
CREATE TABLE IF NOT EXISTS documents (title text PRIMARY KEY, embedding vector(3) NOT NULL);

CREATE INDEX IF NOT EXISTS documents_embedding ON documents USING hnsw (embedding vector_cosine_ops);

INSERT INTO documents VALUES
    ('Espresso', '[0.9, 0.1, 0.0]'),
    ('Green tea', '[0.7, 0.6, 0.1]'),
    ('Bicycle', '[0.0, 0.2, 0.9]')
ON CONFLICT (title) DO UPDATE SET embedding = excluded.embedding;

-- <=> is the cosine distance, which the index serves; <-> is Euclidean, <#> the negative inner product.
SELECT title, round((embedding <=> '[0.8, 0.3, 0.0]')::numeric, 3) AS distance
FROM documents
ORDER BY embedding <=> '[0.8, 0.3, 0.0]'
LIMIT 2;
"""


def similarity_snippets(access: Access) -> list[Snippet]:
    """Return the search in Python and in SQL; both may be run again and again."""
    python = filled(PYTHON, access)
    return [
        Snippet("similarity", "Similarity search", "python", python, "similarity.py", PYTHON_INSTALL),
        Snippet("similarity-sql", "Similarity in SQL", "sql", SQL, "similarity.sql"),
    ]
