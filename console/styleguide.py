"""The style guide: one page with every component in every state, for those who build pages (DEBUG only)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone


class SampleForm(forms.Form):
    """One field of every kind."""

    name = forms.CharField(
        label="Display name", max_length=63, help_text="People see it in lists; it can change later."
    )
    environment = forms.ChoiceField(choices=[("development", "Development"), ("production", "Production")])
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    password = forms.CharField(widget=forms.PasswordInput, help_text="At least 10 characters.")
    eviction = forms.ChoiceField(
        label="When memory is full",
        choices=[("noeviction", "Refuse writes"), ("allkeys-lru", "Remove what was used least recently")],
        widget=forms.RadioSelect,
        initial="noeviction",
    )
    notify = forms.BooleanField(label="Mail me when it is ready", required=False)
    region = forms.CharField(disabled=True, initial="fra1", help_text="The region of a data store is fixed.")


def view(request: HttpRequest) -> HttpResponse:
    """Show the style guide; raises Http404 outside of development."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "console/styleguide.html", {"guide": guide()})


def guide() -> dict[str, Any]:
    """Return what the style guide shows: made-up data stores, steps and snippets."""
    return {**_shell(), **_choices(), **_lists(), **_work(), "plot": _plot(), "snippets": _snippets(), "yaml": _yaml()}


def _shell() -> dict[str, Any]:
    now = timezone.now()
    labels = ["Overview", "Databases", "Backups", "Nodes", "Metrics", "Logs", "Advanced Settings", "Activity"]
    bad_form = SampleForm({"name": "x" * 70, "environment": "moon", "password": "", "eviction": ""})
    bad_form.add_error(None, "Nothing was saved. Mend what is marked below, then send it again.")
    return {
        "crumbs": [("Databases", "#data"), ("orders-db", "")],
        "tabs": [{"label": label, "url": "#data", "current": label == "Overview"} for label in labels],
        "recently": now - timedelta(minutes=3),
        "soon": now + timedelta(hours=2),
        "form": SampleForm(auto_id="good_%s"),
        "bad_form": bad_form,
        "states": [
            ("running", "Running"),
            ("working", "Being created"),
            ("attention", "No standby in sync"),
            ("failed", "Could not start"),
            ("off", "Powered off"),
            ("waiting", "Waiting"),
            ("neutral", "Unknown"),
        ],
    }


def _choices() -> dict[str, Any]:
    facts = [("Memory", "4 GiB"), ("CPU", "2 vCPU"), ("Storage", "80 GiB"), ("Connections", "100")]
    return {
        "steps": [
            {"label": "Type", "state": "done", "url": "#wizard"},
            {"label": "Name", "state": "done", "url": "#wizard"},
            {"label": "Cloud and region", "state": "current"},
            {"label": "Plan", "state": "waiting"},
            {"label": "Review", "state": "waiting"},
        ],
        "types": [
            {
                "value": "pg",
                "title": "PostgreSQL",
                "note": "Relational, version 17",
                "icon": "database",
                "checked": True,
            },
            {
                "value": "vector",
                "title": "PostgreSQL vector",
                "note": "With pgvector ready",
                "icon": "chart-scatter",
            },
            {"value": "mysql", "title": "MySQL", "note": "Relational, version 8.4", "icon": "database"},
            {"value": "cache", "title": "Cache", "icon": "zap", "why": "Not installed here yet"},
        ],
        "plans": [
            {
                "value": "h",
                "title": "Hobbyist",
                "tag": "7-day trial",
                "price_month": "$14.60",
                "price_hour": "$0.0200",
                "facts": [
                    ("Nodes", "1"),
                    ("Memory", "1 GiB"),
                    ("Storage", "8 GiB"),
                    ("Backups", "Disaster recovery only"),
                ],
            },
            {
                "value": "s4",
                "title": "Startup-4",
                "price_month": "$73.00",
                "price_hour": "$0.1000",
                "checked": True,
                "facts": [("Nodes", "1"), *facts, ("Backup history", "2 days")],
            },
            {
                "value": "b4",
                "title": "Business-4",
                "price_month": "$146.00",
                "price_hour": "$0.2000",
                "facts": [("Nodes", "2, automatic failover"), *facts, ("Backup history", "14 days")],
            },
            {
                "value": "p4",
                "title": "Premium-4",
                "price_month": "$219.00",
                "price_hour": "$0.3000",
                "why": "The region has no room for it.",
                "facts": [("Nodes", "3"), *facts],
            },
        ],
        "summary": [
            ("Type", "PostgreSQL 17"),
            ("Name", "orders-db"),
            ("Cloud", "DigitalOcean"),
            ("Region", "fra1"),
            ("Plan", "Startup-4"),
        ],
        "summary_empty": [("Type", "PostgreSQL 17"), ("Plan", "")],
    }


def _lists() -> dict[str, Any]:
    rows = [
        ("orders-db", "PostgreSQL 17", "running", "Running", "Startup-4", "DigitalOcean fra1", 73.0),
        (
            "search-vectors",
            "PostgreSQL vector",
            "working",
            "Being created",
            "Hobbyist",
            "AWS eu-central-1",
            14.6,
        ),
        ("sessions", "Cache", "attention", "Catching up", "Business-4", "GCP us-east1", 146.0),
        ("billing-db", "MySQL 8.4", "failed", "Could not start", "Premium-16", "Azure westeurope", 1219.0),
    ]
    keys = ("name", "type", "state", "word", "plan", "region", "price")
    return {
        "rows": [dict(zip(keys, row, strict=True)) for row in rows],
        "page": Paginator(range(94), 10).page(3),
        "facts": [
            ("Plan", "Startup-4"),
            ("Memory", "4 GiB"),
            ("Backup history", "2 days"),
            ("Cloud", "DigitalOcean"),
        ],
    }


def _plot() -> dict[str, Any]:
    marks = [("14%", "58%", "drill"), ("33%", "61%", "planned"), ("52%", "20%", "failure"), ("96%", "55%", "drill")]
    return {
        "marks": [{"x": x, "y": y, "shape": shape, "title": "Drill: 53 ms"} for x, y, shape in marks],
        "scale": [{"at": "86%", "label": "10 ms"}, {"at": "47%", "label": "100 ms"}, {"at": "8%", "label": "1 s"}],
        "times": [{"at": "11%", "label": "1 Aug 2026"}, {"at": "97%", "label": "26 Nov 2026"}],
        "promise": {"at": "31.5%", "label": "promised median 0.25 s"},
        "shapes": [("failure", "Failure"), ("drill", "Drill"), ("planned", "Planned switchover")],
        "summary": "4 measured outages, from 44 ms to 490 ms. The dashed line is the promise.",
    }


def _work() -> dict[str, Any]:
    now = timezone.now()
    first = {"title": "Take a ready directory", "state": "done", "seconds": 0.1, "at": now}
    return {
        "running": [
            first,
            {"title": "Start the server", "state": "done", "seconds": 0.4, "at": now},
            {
                "title": "Open the address",
                "state": "working",
                "sentence": "Waiting for db.example.com:21007.",
            },
            {"title": "Prove that a client gets in", "state": "waiting"},
        ],
        "failed": [
            first,
            {
                "title": "Start the server",
                "state": "failed",
                "seconds": 10.0,
                "at": now,
                "sentence": "The server stopped at once: no space left on the disk.",
                "remedy": "Nothing is lost. Free some space on this machine, then retry.",
            },
            {"title": "Open the address", "state": "waiting"},
        ],
    }


def _snippets() -> list[dict[str, str]]:
    connect = (
        'psql "postgres://hwadmin:${PASSWORD}@db.example.com:21007/defaultdb?sslmode=verify-full&sslrootcert=ca.pem"'
    )
    python = 'import os\nimport psycopg\n\nwith psycopg.connect(os.environ["DATABASE_URL"]) as connection:\n'
    python += '    print(connection.execute("SELECT 1").fetchone())'
    labels = ["psql", "Python", "Node.js", "Java", "Go", "Django", ".env"]
    texts = {"psql": connect, "Python": python, ".env": "DATABASE_URL=postgres://…"}
    notes = {"psql": "Download the CA certificate as ca.pem first."}
    return [{"label": label, "text": texts.get(label, f"// {label}"), "note": notes.get(label, "")} for label in labels]


def _yaml() -> str:
    databases = "  databases:\n    - name: orders-db\n      environment: development\n"
    return f'schemaVersion: "1.2"\ndependencies:\n{databases}'
