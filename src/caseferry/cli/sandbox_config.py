"""A configuration that talks to the sandbox, secrets in files beside it."""

from collections.abc import Mapping
from pathlib import Path

from caseferry.cli.files import write_private
from caseferry.cli.init import write_start
from caseferry.config import config_text
from caseferry.sandbox import TENANT


def write_sandbox_config(
    folder: Path,
    url: str,
    values: Mapping[str, object] | None = None,
    *,
    kore_ids: bool = False,
) -> list[Path]:
    """Write configuration, mapping and secrets (mode 0600); give the files.

    Args:
        folder: made when it does not exist.
        url: where the sandbox listens.
        values: instead of the usual ones, by their names in the template.
        kore_ids: name Kore's ids in the mapping: an empty Kore has no record that
            shows them.

    Raises:
        UserError: a file exists; nothing was written.
    """
    settings = {
        "kore_base_url": url,
        "stream_id": TENANT.STREAM_ID,
        "account_id": TENANT.ACCOUNT_ID,
        "kore_client_id": TENANT.KORE_CLIENT_ID,
        "casemgr_base_url": url,
        "tenant": "sandbox",
        "token_url": f"{url}/oauth2/token",
        "casemgr_client_id": TENANT.CASEMGR_CLIENT_ID,
        "scope": TENANT.CASEMGR_SCOPE,
        "departments": ["Service", "Billing"],
        "kore_per_minute": "off",
        "kore_per_hour": "off",
        "casemgr_per_minute": "off",
        "visibility_lag": "2s",
        "late_effect": "5s",
    }
    commands = {name: ["cat", f"secrets/{name}"] for name in ("kore", "casemgr")}
    files = write_start(folder, config_text(settings | dict(values or {}), commands))
    if kore_ids:
        mapping = files[1]
        mapping.write_text(_with_ids(mapping.read_text("utf-8")), encoding="utf-8")
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    for name, secret in (
        ("kore", TENANT.KORE_CLIENT_SECRET),
        ("casemgr", TENANT.CASEMGR_CLIENT_SECRET),
    ):
        path = secrets / name
        write_private(path, f"{secret}\n")
        files.append(path)
    return files


def _with_ids(mapping: str) -> str:
    """Fill in the mapping's tables of Kore's ids."""
    known = {
        "status": TENANT.STATUSES,
        "priority": TENANT.PRIORITIES,
        "field": TENANT.CUSTOM_FIELDS,
    }
    for kind, named in known.items():
        head = f"[kore_ids.{kind}]"
        rows = [f'"{each.name}" = "{each.id}"' for each in named]
        table = "\n".join([head, *rows, ""])
        if f"\n{head}" in mapping:
            begin, _, rest = mapping.partition(f"\n{head}")
            comment, _, rest = rest.partition("\n")
            mapping = f"{begin}\n{table.replace(head, head + comment, 1)}{rest}"
        else:
            mapping = mapping.replace("\n[kore_ids.", f"\n{table}[kore_ids.", 1)
    return mapping
