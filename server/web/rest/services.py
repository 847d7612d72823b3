"""What the routes can reach; the GraphQL resolvers' `Services` is one of these."""

from typing import Protocol

from server.batches.stored.submissions import Submissions
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.results import BatchResults


class RestServices(Protocol):
    @property
    def submissions(self) -> Submissions: ...
    @property
    def batches(self) -> BatchReads: ...
    @property
    def results(self) -> BatchResults: ...
