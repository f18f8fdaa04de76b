"""Whether two versions can be compared: they are not one thing, and engines reach them alike.

Not here: which versions, and whether their commits and folders differ (versions.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from ltlab_ci import errors, model
from ltlab_ci.lab import service


def refuse(base: service.Version, head: service.Version, against: str) -> None:
    """Raise ConfigError for two sides that are written as one, or that no engine could reach alike."""
    one, other = base.spec, head.spec
    assert one is not None
    assert other is not None
    address = service.base_url(other, 0)
    if other.url is not None and service.base_url(one, 0) == address:
        raise errors.ConfigError(
            f"base and head are the same: {address} answers for both",
            remedy="say how the service is started (`service.command`), or name base's address: "
            "--against http://127.0.0.1:5001",
        )
    if one.contained is not other.contained:
        raise errors.ConfigError(
            "one side's service runs in a container and the other's does not, so they do not "
            f"differ by their code alone (against {against})",
            remedy="compare with a version that is started the same way",
        )
    image = _image(head, other)
    if image and image == _image(base, one) and _heads_is_bases(one, other):
        raise errors.ConfigError(
            f"base and head are the same: {other.image} is the image of both, and head has no `build`",
            remedy="build one for each side (`build: docker build --tag shop:{side} .` and "
            "`image: shop:{side}`), put the commit into its tag, or name base's: --against shop:1.4",
        )


def images(
    versions: Mapping[str, service.Version], ids: Mapping[str, str]
) -> tuple[model.Finding, ...]:
    """Return a hint where both builds made one image; raise ConfigError where one image was there for both.

    `ids` are those of the images, known once both were built; "" where there is none, or it is yet to be pulled.
    """
    if set(versions) != {"base", "head"} or not ids["head"] or ids["base"] != ids["head"]:
        return ()
    one, other = versions["base"].spec, versions["head"].spec
    assert one is not None
    assert other is not None
    if (one.command, one.env) != (other.command, other.env):
        return ()
    if one.build is None or other.build is None:
        raise errors.ConfigError(
            f"base and head are the same: {other.image} is the image of both, under whatever names",
            remedy="name the images of two versions, or build one for each side (`image: shop:{side}`)",
        )
    return (
        model.Finding(
            code="nothing-differs",
            effect="warn",
            message=f"nothing differs: both builds made one image, {other.image}",
            remedy="what is found is noise; see docs/compare.md for what is compared with what",
        ),
    )


def _image(version: service.Version, spec: model.Service) -> str:
    """Return the whole name of a version's image, "" where it has none."""
    if spec.image is None:
        return ""
    image = version.expanded(spec.image, spec.port or 0)
    tagged = "@" in image or ":" in image.rpartition("/")[2]
    return image if tagged else f"{image}:latest"


def _heads_is_bases(base: model.Service, head: model.Service) -> bool:
    """Say whether an image of one name is one image, started in one way.

    Base's stays its own where head builds another one of the name. {side} in `command` and `env` is taken as it
    is written: it names what must be unique, not what is to be compared.
    """
    if head.build is not None:
        return False
    return base.build is not None or (base.command, base.env) == (head.command, head.env)
