"""Makes the keys that a first start needs and keeps them in `.env`, for its owner only."""

import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from integrations import crypto
from integrations_center import env, env_file, one_at_a_time

ENV_FILE = Path(__file__).resolve().parent.parent / ".env"
LOST_KEYS = (
    "The database holds encrypted credentials, but CREDENTIAL_KEYS is not set. "
    "Put the key they were saved with back into .env."
)

_unkept: dict[str, str] = {}


def make_missing_keys(file: Path = ENV_FILE) -> None:
    """Set what is missing in the environment of this process; keep a new SECRET_KEY.

    New CREDENTIAL_KEYS are kept later, by `keep_new_credential_keys`: only the migrated
    database can say whether old ones were lost. Until then others that lack a key wait.
    """
    env_file.read(file)
    if env.text("SECRET_KEY") and env.text("CREDENTIAL_KEYS"):
        return
    # Of several that start at once, the first makes the keys, and the others read them.
    one_at_a_time.take_folder(file.parent)
    env_file.read(file)
    if not env.text("SECRET_KEY"):
        os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
        keep(file, "SECRET_KEY", os.environ["SECRET_KEY"])
    if not env.text("CREDENTIAL_KEYS"):
        os.environ["CREDENTIAL_KEYS"] = _unkept["CREDENTIAL_KEYS"] = crypto.new_key()


def keep_new_credential_keys(*, anything_encrypted: bool, file: Path = ENV_FILE) -> None:
    """Does nothing when the keys were there at the start."""
    if not _unkept:
        return
    if anything_encrypted:
        raise ImproperlyConfigured(LOST_KEYS)
    keep(file, "CREDENTIAL_KEYS", _unkept.pop("CREDENTIAL_KEYS"))


def keep(file: Path, name: str, value: str) -> None:
    """Set one line of the file, the others as they are; at no time can others read it."""
    file = file.resolve()
    lines = env_file.text(file).splitlines()
    if any(found == name and there for found, there in map(env_file.setting_in, lines)):
        raise ImproperlyConfigured(
            f"{name} is empty in the environment, which wins over {file}. Unset it there."
        )
    kept = [line for line in lines if env_file.setting_in(line)[0] != name]
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".env.")  # mode 600
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write("\n".join([*kept, f"{name}={value}"]) + "\n")
        Path(temporary).replace(file)
    except OSError:
        raise ImproperlyConfigured(
            f"{name} could not be kept in {file}. Make the folder writable or set {name} yourself."
        ) from None
