"""What the routes can reach; the GraphQL resolvers' `Services` is one of these."""

from typing import Protocol

from server.batch.submissions import Submissions
from server.mongo.batch_operations import BatchOperations
from server.mongo.batch_results import BatchResults


class RestServices(Protocol):
    @property
    def submissions(self) -> Submissions: ...
    @property
    def operations(self) -> BatchOperations: ...
    @property
    def results(self) -> BatchResults: ...
