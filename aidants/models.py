"""Every table, imported once so that the metadata is whole (migrations, tests)."""

from __future__ import annotations

from aidants.accounts import models as accounts
from aidants.assistance import models as assistance
from aidants.guides import models as guides
from aidants.journal import models as journal
from aidants.mandates import models as mandates
from aidants.messages import models as messages
from aidants.residents import models as residents

__all__ = ["accounts", "assistance", "guides", "journal", "mandates", "messages", "residents"]
