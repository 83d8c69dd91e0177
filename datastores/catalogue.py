"""The catalogue that a new installation starts with. Operators edit the rows afterwards; these are the first ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

CLOUDS: Final = (("aws", "AWS"), ("azure", "Azure"), ("gcp", "GCP"), ("digitalocean", "DigitalOcean"))

# cloud, code as the cloud writes it, name, area
REGIONS: Final = (
    ("aws", "us-east-1", "N. Virginia", "us"),
    ("aws", "us-west-2", "Oregon", "us"),
    ("aws", "eu-central-1", "Frankfurt", "eu"),
    ("aws", "eu-west-1", "Ireland", "eu"),
    ("azure", "eastus", "Virginia", "us"),
    ("azure", "westus2", "Washington", "us"),
    ("azure", "westeurope", "Netherlands", "eu"),
    ("azure", "northeurope", "Ireland", "eu"),
    ("gcp", "us-central1", "Iowa", "us"),
    ("gcp", "us-east4", "N. Virginia", "us"),
    ("gcp", "europe-west1", "Belgium", "eu"),
    ("gcp", "europe-west3", "Frankfurt", "eu"),
    ("digitalocean", "nyc3", "New York", "us"),
    ("digitalocean", "sfo3", "San Francisco", "us"),
    ("digitalocean", "ams3", "Amsterdam", "eu"),
    ("digitalocean", "fra1", "Frankfurt", "eu"),
)

# family, RAM GiB, nodes, vCPU, storage GiB, USD per hour on AWS
PLANS: Final = (
    ("hobbyist", 1, 1, 1, 8, "0.0260"),
    ("startup", 4, 1, 2, 80, "0.1100"),
    ("startup", 8, 1, 2, 175, "0.2200"),
    ("startup", 16, 1, 4, 350, "0.4400"),
    ("business", 4, 2, 2, 80, "0.2300"),
    ("business", 8, 2, 2, 175, "0.4600"),
    ("business", 16, 2, 4, 350, "0.9200"),
    ("premium", 4, 3, 2, 80, "0.3400"),
    ("premium", 8, 3, 2, 175, "0.6900"),
    ("premium", 16, 3, 4, 350, "1.3800"),
)
PRICE_FACTOR: Final = {"aws": "1.00", "azure": "1.04", "gcp": "1.02", "digitalocean": "0.86"}


def plan_name(family: str, ram_gib: int) -> str:
    """Return the plan's name: Hobbyist stands alone, the others carry their RAM."""
    return "Hobbyist" if family == "hobbyist" else f"{family.capitalize()}-{ram_gib}"


def hourly_price(base: str, cloud: str) -> Decimal:
    """Return the first price of a plan on a cloud, in USD per hour."""
    return (Decimal(base) * Decimal(PRICE_FACTOR[cloud])).quantize(Decimal("0.0001"))
