"""The table of permissions and the answer for a role that lacks one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.access import permission_required
from console.permissions import TABLE, Role, allows, roles_with

PERMISSIONS = st.sampled_from(sorted(TABLE))


@given(PERMISSIONS)
def test_an_admin_may_do_everything(permission: str) -> None:
    assert allows(Role.ADMIN, permission)


@given(PERMISSIONS)
def test_a_viewer_changes_nothing(permission: str) -> None:
    assert not allows(Role.VIEWER, permission) or permission.endswith(":view")


@given(PERMISSIONS, st.sampled_from(Role))
def test_the_roles_of_a_permission_are_those_that_it_allows(permission: str, role: Role) -> None:
    assert (role in roles_with(permission)) == allows(role.value, permission)


def test_a_misspelt_permission_fails_when_the_view_is_written() -> None:
    with pytest.raises(KeyError):
        permission_required("store:veiw")
