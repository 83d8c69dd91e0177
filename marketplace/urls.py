"""The addresses of the Marketplace, of projects, connections and deliveries."""

from __future__ import annotations

from django.urls import path

from marketplace.views import connections, delivery, environments, listings, projects, rotation

IN = "connections/<uuid:pk>/environments/<int:environment>"

urlpatterns = [
    path("marketplace/", listings.index, name="marketplace"),
    path("marketplace/<uuid:pk>/", listings.show, name="listing"),
    path("marketplace/<uuid:pk>/edit/", listings.edit, name="listing-edit"),
    path("marketplace/<uuid:pk>/remove/", listings.remove, name="listing-remove"),
    path("marketplace/add/<uuid:store>/", listings.add, name="listing-add"),
    path("projects/", projects.index, name="project-list"),
    path("projects/<uuid:pk>/", projects.show, name="project"),
    path("projects/<uuid:pk>/edit/", projects.edit, name="project-edit"),
    path("projects/<uuid:pk>/delete/", projects.delete, name="project-delete"),
    path("projects/<uuid:pk>/components/<uuid:component>/delete/", projects.delete_component, name="component-delete"),
    path("connections/", connections.index, name="connection-list"),
    path("connections/create/<uuid:listing>/", connections.create, name="connection-create"),
    path("connections/<uuid:pk>/", connections.show, name="connection"),
    path("connections/<uuid:pk>/delete/", connections.delete, name="connection-delete"),
    path(f"{IN}/choose/", environments.choose, name="connection-choose"),
    path(f"{IN}/reveal/", environments.reveal, name="connection-reveal"),
    path(f"{IN}/check/", environments.check, name="connection-check"),
    path(f"{IN}/download/<slug:file>/", environments.download, name="connection-download"),
    path(f"{IN}/tokens/", environments.create_token, name="connection-token-create"),
    path(f"{IN}/tokens/<int:token>/revoke/", environments.revoke_token, name="connection-token-revoke"),
    path(f"{IN}/rotate/", rotation.rotate, name="connection-rotate"),
    path(f"{IN}/retire/", rotation.retire, name="connection-retire"),
    path("delivery/<uuid:pk>/", delivery.deliver, name="delivery"),
]
