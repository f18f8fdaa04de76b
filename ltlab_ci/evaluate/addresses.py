"""Did the requests reach the service under test? A script with an address of its own may test another.

Not here: where they went (store/addresses.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from ltlab_ci import model

_TAKE = {
    "k6": "let the script take the address from BASE_URL (`__ENV.BASE_URL`)",
    "artillery": "take config.target out of the script, or write "
    '"{{ $processEnvironment.BASE_URL }}" there',
}


def findings(facts: model.Facts, outcome: model.Outcome) -> Iterator[model.Finding]:
    """Yield that requests went elsewhere: invalid where none reached the service, else a warning.

    Requests whose address is not told may have gone there, so they make it a warning too.
    """
    sent = facts.sent
    if sent is None or not sent.elsewhere or (sent.browsing and sent.own):
        return
    if not sent.own and not sent.untold:
        why = f": {model.counted(outcome.errors)}" if outcome.errors else ""
        yield model.Finding(
            code="requests-elsewhere",
            effect="invalid",
            message=f"none of the {sent.elsewhere} requests went to the service under test at "
            f"{sent.service}; the script calls {sent.address}{why}",
            remedy=_TAKE[facts.engine],
            scenario=facts.scenario,
        )
        return
    of = sent.own + sent.elsewhere + sent.untold
    yield model.Finding(
        code="requests-elsewhere",
        effect="warn",
        message=f"{sent.elsewhere} of {of} requests ({sent.elsewhere / of:.1%}) did not go to the "
        f"service under test at {sent.service}, but to {sent.address}",
        remedy="nothing, where that is somebody else's, such as an identity provider; where it is the "
        f"service itself, {_TAKE[facts.engine]}",
        scenario=facts.scenario,
    )
