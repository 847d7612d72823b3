"""The doors of a server: GraphQL, REST and Convex."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp

from server.assembly import Assembly
from server.bootstrap.watching import Watching
from server.mongo.connection.patience import Patience
from server.settings import Settings
from server.web.admission.admission import Admission
from server.web.app import make_app
from server.web.connections.limits import ConnectionLimits
from server.web.convex.view import Convex
from server.web.graphql.view import GraphQLView
from server.web.health import WhyNotReady
from server.web.identity.authentication import Authentication
from server.web.identity.configured import IdentitySettings
from server.web.patience import Patient
from server.web.rest.rows import StreamLimits
from server.web.rest.view import Rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What all doors have in common."""

    settings: Settings
    watching: Watching
    admission: Admission
    authentication: Authentication
    new_patience: Callable[[], Patience]

    def app(self, assembly: Assembly, why_not_ready: WhyNotReady) -> ASGIApp:
        """Return the application."""
        settings, limit = self.settings, self.settings.max_request_bytes
        metrics, tracer = self.watching.metrics, self.watching.tracer
        graphql = GraphQLView(
            assembly.services,
            max_request_bytes=limit,
            origins=settings.origins,
            init_seconds=settings.header_seconds,
            admission=self.admission,
            authentication=self.authentication,
            on_answered=metrics.request_answered,
            new_patience=self.new_patience,
            tracer=tracer,
        )
        rest = Rest(
            assembly.services,
            max_request_bytes=limit,
            stream_limits=StreamLimits(
                bytes=settings.max_stream_bytes, items=settings.max_rows_per_stream
            ),
            admission=self.admission,
            authentication=self.authentication,
        )
        convex = Convex(
            assembly.services,
            max_request_bytes=limit,
            admission=self.admission,
            authentication=self.authentication,
        )
        app = make_app(
            graphql,
            metrics,
            why_not_ready,
            rest,
            convex,
            settings.origins,
            has_page=not settings.is_production,
            has_metrics=not settings.metrics_are_apart,
            tracer=tracer,
        )
        return Patient(app, self.new_patience)


def identity_settings(settings: Settings) -> IdentitySettings:
    """Return those of the settings that say who may call."""
    return IdentitySettings(
        host=settings.host,
        nobody=settings.auth == "none",
        api_keys_file=settings.api_keys_file,
        jwks=settings.jwt_jwks,
        secret=settings.jwt_secret.get_secret_value() if settings.jwt_secret else None,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        roles_claim=settings.jwt_roles_claim,
        skew_seconds=settings.jwt_skew_seconds,
    )


def connection_limits(settings: Settings) -> ConnectionLimits:
    """Return those of the settings that say what a connection may take."""
    return ConnectionLimits(
        connections=settings.max_connections,
        per_address=settings.max_connections_per_address,
        bytes_in_flight=settings.max_bytes_in_flight,
        header_seconds=settings.header_seconds,
        transfer_seconds=settings.transfer_seconds,
        idle_seconds=settings.idle_seconds,
    )
