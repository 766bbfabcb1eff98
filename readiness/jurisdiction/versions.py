"""How the rules are kept in versions, and the steps of their drafts."""

from __future__ import annotations

from readiness.jurisdiction.core.document import dump, load, load_files
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.models import RulePack
from readiness.jurisdiction.rows import pack_from, write
from web.versioned.versions import Versioned

MAY_SEE = "jurisdiction.view_rule"

VERSIONS: Versioned[RulePack, RulePackDocument] = Versioned(
    model=RulePack,
    noun="rules",
    prefix="muster-rules",
    read=load,
    load=load_files,
    files=lambda pack: {f"{pack.version}.yaml": dump(pack)},
    dump=dump,
    stored=pack_from,
    store=write,
)
