"""Who sends a request, and what the caller's role allows."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from server.domain.errors import Forbidden, Unauthenticated


class Role(Enum):
    """What a caller may do; each role includes those before it."""

    VIEWER = "viewer"  # reads products and the ledger
    OPERATOR = "operator"  # also sends mutations and submits, and sees its own batches
    ADMIN = "admin"  # also sees, cancels and retries the batches of all

    def includes(self, other: "Role") -> bool:
        """Return whether this role allows what `other` allows."""
        return _RANKS[self] >= _RANKS[other]


_RANKS = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller. `name` is that of its API key, or `issuer|subject` of its token.

    Without a `role` it may do nothing. `expires_at` is in seconds since 1970; None if its
    credential has no end.
    """

    name: str
    role: Role | None
    expires_at: float | None = None

    def require(self, role: Role) -> None:
        """Check that the caller may do what `role` allows.

        Raises:
            Unauthenticated: nobody knows who the caller is.
            Forbidden: its role allows less.
        """
        if self is NOBODY:
            raise Unauthenticated("Say who you are: send the header Authorization: Bearer …")
        if not self.may(role):
            has = f"has the role {self.role.value}" if self.role else "has no role"
            raise Forbidden(f"This needs the role {role.value}, and {self.name} {has}.")

    def may(self, role: Role) -> bool:
        """Return whether the caller may do what `role` allows."""
        return self.role is not None and self.role.includes(role)

    @property
    def sees_batches_of(self) -> str | None:
        """Return whose batches the caller sees: its own; None for those of all."""
        return None if self.role is Role.ADMIN else self.name


NOBODY: Final = Caller(name="", role=None)
ANONYMOUS: Final = Caller(name="anonymous", role=Role.ADMIN)  # of a server that knows no callers
