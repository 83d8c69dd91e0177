"""Listings, projects and their components, connections with their environments, tokens and rotations."""

from marketplace.models.connection import Binding, Connection
from marketplace.models.listing import Listing
from marketplace.models.project import Component, Project
from marketplace.models.rotation import Rotation
from marketplace.models.token import DeliveryToken

__all__ = ["Binding", "Component", "Connection", "DeliveryToken", "Listing", "Project", "Rotation"]
