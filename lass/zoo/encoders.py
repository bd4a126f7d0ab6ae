"""Query encoders that others published, made into model folders among the user's own."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from lass.errors import ModelError
from lass.zoo.adopting import adopt
from lass.zoo.converting import Converted, appearing, check_free
from lass.zoo.folders import destination, user_models
from lass.zoo.loading import read_config

__all__ = ["bring_encoder"]


def bring_encoder(
    source: str | Path,
    to: str | Path | None = None,
    *,
    tokenizer: str | Path | None = None,
    overwrite: bool = False,
) -> Converted:
    """Make a model folder of CLAP or CLIP.

    Args:
        source: a folder as transformers saves it, or a ``.pt`` file of LAION's CLAP.
        to: name of the new model or a folder; the name of its space if None, which is how
            separators call it.
        tokenizer: a ``tokenizer.json`` or the folder with it, where the source has none.
        overwrite: replace a model that is there.

    Returns:
        The new model.

    Raises:
        ModelError: the source is something else, or the model exists.
        ConfigError: the name is none.
    """
    if to is not None:
        check_free(destination(to), overwrite=overwrite)
    aside = user_models() / f".encoder-{secrets.token_hex(4)}"
    try:
        adopt(source, aside, tokenizer=tokenizer)
        config = read_config(aside)
        folder = destination(to if to is not None else str(config["space"]))
        with appearing(folder, overwrite=overwrite) as made:
            for path in aside.iterdir():
                os.replace(path, made / path.name)
            (made / "README.md").write_text(_card(folder.name, config), encoding="utf-8")
    except OSError as error:
        raise ModelError(f"cannot bring {source}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Converted(folder, config, str(config.get("source", folder.name)), recognised=True)


def _card(name: str, config: dict[str, object]) -> str:
    """What is known of an encoder, as a model card."""
    keys = ("source", "backend", "space", "dim", "normalised", "licence", "sha256")
    rows = "".join(f"| {key} | `{config.get(key, 'not stated')}` |\n" for key in keys)
    return (
        f"# {name}: a query encoder of others\n\nMade by `lass models convert` on this computer. "
        f"The weights are their authors' work.\n\n| | |\n|---|---|\n{rows}"
    )
