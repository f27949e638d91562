"""What commands for one organisation share: whose it is, and how far the work is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from exam_service.core.errors import NotFound
from exam_service.core.records import Organisation
from exam_service.services.context import Context

ORG = click.option("--org", help="The organisation's slug; needed when there are several.")


async def organisation_of(ctx: Context, slug: str | None) -> Organisation:
    """The organisation of that slug, or the only one. Raises NotFound; UsageError when there are several."""
    async with ctx.store.directory() as directory:
        known = list(await directory.organisations())
    found = [one for one in known if slug in (None, one.slug)]
    if slug is not None and not found:
        raise NotFound(what="organisation", id=slug)
    if len(found) != 1:
        raise click.UsageError("say whose it is with --org: " + ", ".join(one.slug for one in known))
    return found[0]


@contextmanager
def showing(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal: call it with how much is done, of how much."""
    with click.progressbar(length=1, label=label) as bar:

        def shown(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield shown
