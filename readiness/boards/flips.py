"""Changes of state as pages list them."""

from dataclasses import dataclass

from readiness.boards.sentences import flip_words
from readiness.scoring.queries.rows import FlipRow
from web.links import link

CAUSES = {
    "data": "new data",
    "evidence-age": "evidence aged",
    "rule": "the rule changed",
    "waiver": "a waiver began or ended",
    "applicability": "what applies changed",
}


@dataclass(frozen=True, slots=True)
class FlipLine:
    """A change of state with its cause; over several sites it names the site."""

    flip: FlipRow
    with_site: bool = False

    @property
    def kind(self) -> str:
        """The kind of states that it is between."""
        return self.flip.subject if self.flip.subject in ("verdict", "health") else "check"

    @property
    def title(self) -> str:
        flip = self.flip
        titles = {"verdict": "Verdict", "health": f"{flip.key.capitalize()} health"}
        title = titles.get(flip.subject, flip.title)
        return f"{flip.site_name}: {title}" if self.with_site else title

    @property
    def url(self) -> str:
        flip = self.flip
        return link("site-check", flip.site, flip.key) if self.kind == "check" else link("site", flip.site)

    @property
    def cause(self) -> str:
        return CAUSES.get(self.flip.cause, self.flip.cause)

    @property
    def words(self) -> str:
        return flip_words(self.flip)
