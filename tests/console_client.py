"""A person at the console without a browser: forms are opened, filled and sent as a browser does."""

from __future__ import annotations

import html
import re
import secrets
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

PASSWORD = "correct horse battery staple"


class ConsoleClient:
    """One signed-in person. Requests that fail because the console is just being restarted are sent again."""

    def __init__(self, url: str) -> None:
        self.ca = Path(tempfile.mkdtemp()) / "ca.pem"
        self.http = httpx.Client(base_url=url, timeout=30, transport=httpx.HTTPTransport(retries=3))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def sign_up(self) -> None:
        """Make a person and an organization."""
        token = secrets.token_hex(6)
        self.send("/account/signup/", {"email": f"{token}@example.test", "password1": PASSWORD})
        self.send("/organizations/create/", {"name": f"Acme {token}", "handle": f"acme-{token}"})

    def send(self, path: str, fields: dict[str, str], *, to: str = "") -> httpx.Response:
        """Open the page at ``path`` and send a form of it, with its hidden fields, to ``to`` or to the page itself."""
        opened = self.http.get(path, follow_redirects=True).raise_for_status()
        data = hidden_fields(opened.text) | fields
        target = to or str(opened.url)
        answer = self.http.post(target, data=data, headers={"Referer": str(opened.url)}, follow_redirects=True)
        return answer.raise_for_status()

    def review(self, name: str, engine: str = "postgresql") -> str:
        """Return the address of the wizard's last page with every question answered."""
        answers = {"type": engine, "name": name, "cloud": "aws", "region": "eu-central-1", "plan": "hobbyist"}
        path = "/databases/create/"
        for step, value in answers.items():
            answer = self.send(path, {step: value})
            path = answer.url.raw_path.decode()
        assert "/review/" in path, path
        return path

    def create_store(self, name: str, engine: str = "postgresql") -> str:
        """Walk through the wizard and return the path of the store's page."""
        return self.send(self.review(name, engine), {}).url.path

    def state(self, page: str) -> str:
        """Return the store's page, or the reason why it could not be read just now."""
        try:
            answer = self.http.get(page, follow_redirects=True)
        except httpx.TransportError as error:
            return str(error)
        return answer.text if answer.is_success else f"status {answer.status_code}"

    def dsn(self, page: str) -> str:
        """Reveal the service URI and name the downloaded CA certificate in it."""
        self.download_ca(page)
        return self.verified(self.send(page, {"purpose": "copy"}, to=f"{page}reveal/?what=uri").text)

    def download_ca(self, page: str) -> None:
        """Keep the CA certificate that the store's page offers."""
        self.ca.write_text(self.http.get(f"{page}ca.pem").raise_for_status().text)

    def verified(self, uri: str) -> str:
        """Name the downloaded CA certificate in a service URI."""
        return urlsplit(uri)._replace(query=f"sslmode=verify-full&sslrootcert={self.ca}").geturl()

    def delete_store(self, page: str, name: str) -> None:
        """Delete by the typed name."""
        self.send(f"{page}settings/", {"confirm_name": name}, to=f"{page}delete/")

    def gone(self, page: str) -> bool:
        """Say whether the store's page leads to the list, as that of a deleted one does."""
        try:
            return self.http.get(page, follow_redirects=False).status_code == httpx.codes.FOUND  # to the list
        except httpx.TransportError:
            return False


def hidden_fields(page: str) -> dict[str, str]:
    """Return the hidden inputs of a page by name."""
    tags = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page)
    pairs = ((re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in tags)
    return {name[1]: html.unescape(value[1]) for name, value in pairs if name and value}
