"""Data stores, their nodes and endpoints, the catalogue, and the rows of long work."""

from datastores.models.backup import Archive, Backup, Proof
from datastores.models.catalogue import Cloud, PlanPrice, Region, ServicePlan, Site
from datastores.models.credential import Credential, KeptLogin
from datastores.models.endpoint import EdgeSlot
from datastores.models.failover import Failover, MonitorLease
from datastores.models.metering import MeterReading, PriceChange
from datastores.models.network import AllowedNetwork
from datastores.models.node import Node
from datastores.models.operation import Operation, OperationStep
from datastores.models.store import DataStore

__all__ = [
    "AllowedNetwork",
    "Archive",
    "Backup",
    "Cloud",
    "Credential",
    "DataStore",
    "EdgeSlot",
    "Failover",
    "KeptLogin",
    "MeterReading",
    "MonitorLease",
    "Node",
    "Operation",
    "OperationStep",
    "PlanPrice",
    "PriceChange",
    "Proof",
    "Region",
    "ServicePlan",
    "Site",
]
