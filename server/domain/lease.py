"""Whose a chunk is, for a time."""

from dataclasses import dataclass

LEASE_SECONDS = 20  # on the database's clock
RENEWAL_SECONDS = 5  # three renewals may fail before the lease is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to run one chunk of a batch; `token` is new with every claim."""

    batch_id: str
    index: int
    token: str
