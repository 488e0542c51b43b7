"""The only file that knows everybody: configuration -> adapters -> engine."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from caseferry.adapters.casemgr import CasemgrHttp, CasemgrSettings
from caseferry.adapters.clock import SystemClock
from caseferry.adapters.counter import Counter
from caseferry.adapters.exchange import Waiting
from caseferry.adapters.kore import KoreHttp, KoreSettings
from caseferry.adapters.sqlite import SqliteStore, StateLock
from caseferry.config import Config, Loaded
from caseferry.config.shape import Casemgr, Kore
from caseferry.engine.context import Context, Settings
from caseferry.engine.sync.policy import Scope, TwoWay
from caseferry.engine.workers import Workers
from caseferry.errors import ConfigError, InvariantBroken, Problem, StateError
from caseferry.mapping.compile import Mapper, compile_mapping
from caseferry.mapping.spec import mapping_error, parse_mapping
from caseferry.mapping.tables import fold_category
from caseferry.model.capability import Answer, answers_in, value_in
from caseferry.model.correlation import TenantPair
from caseferry.model.direction import Direction
from caseferry.model.record import Entity, System
from caseferry.model.times import canonical_time, instant_of
from caseferry.ports import Reporter
from caseferry.reconcile.guard import Limits

MAPPING_NAME = "kore-casemgr.toml"
_log = logging.getLogger("caseferry.state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Systems:
    """Both systems, not connected yet."""

    kore: KoreHttp
    casemgr: CasemgrHttp

    @property
    def counters(self) -> dict[str, Counter]:
        """What was sent to each so far, by the system's name."""
        return {"kore": self.kore.counter, "casemgr": self.casemgr.counter}

    def close(self) -> None:
        """Close all connections."""
        self.kore.close()
        self.casemgr.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A writing command with everything it works with."""

    context: Context
    store: SqliteStore
    systems: Systems
    clock: SystemClock

    def now(self) -> str:
        """Give the canonical time."""
        return canonical_time(self.clock.now())


def pair_of(config: Config) -> TenantPair:
    """Give the pair that a state belongs to."""
    return TenantPair(
        kore_account=config.kore.account_id,
        kore_stream=config.kore.stream_id,
        casemgr_tenant=config.casemgr.tenant,
    )


def limits_of(config: Config) -> Limits:
    """Give the guards' limits."""
    return Limits(**config.guard.model_dump())


def need_whole_scope(config: Config) -> None:
    """Make sure that nothing is left out, for commands that know no scope.

    Raises:
        ConfigError: with each key that leaves something out.
    """
    problems = [
        Problem(path=f"scope.{name}", message="only `sync` knows this: take it out")
        for name, value in config.scope
        if value
    ]
    if problems:
        raise ConfigError("this command carries everything", problems=problems)


def two_way_of(config: Config) -> TwoWay:
    """Give the policy of two-way sync."""
    scope = config.scope
    return TwoWay(
        create=config.sync.create,
        scope=Scope(
            created_after=instant_of(scope.created_after or ""),
            statuses=frozenset(map(fold_category, scope.status)),
            templates=frozenset(scope.templates),
        ),
    )


def read_mapping(config: Config) -> Mapper:
    """Read, check and compile the mapping.

    Raises:
        MappingError: with every problem.
    """
    path = Path(config.mapping.path)
    text = path.read_text(encoding="utf-8", errors="replace")
    return compile_mapping(parse_mapping(text, name=path.name))


def need_to_kore(mapper: Mapper) -> None:
    """Make sure that a mapping says what creates in Kore demand.

    Raises:
        MappingError: with everything that is missing.
    """
    if problems := mapper.problems_to_kore():
        raise mapping_error("the mapping, towards Kore", problems)


def kore_ids_of(mapper: Mapper) -> Mapping[str, Mapping[str, str]]:
    """Give the ids that the mapping names, by kind and name."""
    ids: Mapping[str, Mapping[str, str]] = mapper.spec.kore_ids.model_dump()
    return ids


def default_mapping() -> str:
    """Give the text of the mapping that ships with caseferry."""
    packaged = files("caseferry") / "mappings" / MAPPING_NAME
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    # An editable installation: the file stands beside the sources.
    checkout = Path(__file__).parents[2] / "mappings" / MAPPING_NAME
    return checkout.read_text(encoding="utf-8")


def build_systems(
    loaded: Loaded,
    clock: SystemClock,
    waiting: Waiting | None = None,
    *,
    kore_ids: Mapping[str, Mapping[str, str]] | None = None,
    answers: Mapping[str, Answer] | None = None,
) -> Systems:
    """Put both systems together; opens no connection.

    Args:
        loaded: with its secrets.
        clock: the run's.
        waiting: told of every wait.
        kore_ids: the mapping's ids by kind and name; see `kore_ids_of`.
        answers: what `check` found out about the tenants, by fact.

    Raises:
        ConfigError: an address or the CA file cannot be used.
    """
    config, secrets = loaded.config, loaded.secrets
    if secrets is None:
        raise InvariantBroken("the configuration was read without its secrets")
    kore = replace(
        _kore_settings(config, secrets.kore, kore_ids or {}),
        **_proved_in_kore(answers or {}),
    )
    casemgr = replace(
        _casemgr_settings(config, secrets.casemgr), **_known_of_casemgr(answers or {})
    )
    return Systems(
        kore=KoreHttp.build(kore, clock=clock, waiting=waiting),
        casemgr=CasemgrHttp.build(casemgr, clock=clock, waiting=waiting),
    )


def _proved_in_kore(answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Give the settings that rest on what `check` saw Kore do."""
    changed = {
        entity: sort
        for entity in Entity
        if (sort := proved_sort(answers, f"sort_changed_{entity}")) is not None
    }
    unresolved = frozenset(
        entity
        for entity in Entity
        if value_in(answers, System.KORE, f"unresolved_{entity}") == "honest"
    )
    return {
        "sort": proved_sort(answers, "sort_created_at"),
        "changed_sorts": changed,
        "unresolved": unresolved,
        "appends": value_in(answers, System.KORE, "array_update") == "append",
    }


def _known_of_casemgr(answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Give the settings that rest on what `check` saw casemgr do."""
    names = value_in(answers, System.CASEMGR, "date_filter_names")
    modified = value_in(answers, System.CASEMGR, "modified_filter")
    lookup = value_in(answers, System.CASEMGR, "case_lookup_dates")
    is_wrong = modified not in (None, "honest")
    return {
        "date_names": names if names in ("date", "plain", "unsupported") else "",
        "modified_filter": not is_wrong,
        "case_lookup": lookup in (None, "honest"),
    }


def proved_sort(
    answers: Mapping[str, Answer], name: str = "sort_created_at"
) -> str | Mapping[str, str] | None:
    """Give a `sortBy` that `check` saw sort."""
    value = value_in(answers, System.KORE, name)
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and all(isinstance(v, str) for v in value.values()):
        return {str(name): str(order) for name, order in value.items()}
    return None


def _kore_settings(
    config: Config, secret: str, ids: Mapping[str, Mapping[str, str]]
) -> KoreSettings:
    http = config.http
    return KoreSettings(
        **config.kore.model_dump(
            include={
                "base_url",
                "stream_id",
                "account_id",
                "client_id",
                "subject",
                "jti",
                "marker",
                "requests_per_minute",
                "requests_per_hour",
            }
        ),
        client_secret=secret,
        sent_file=_sent_file(config, System.KORE),
        ids=ids,
        timeout_s=http.timeout,
        max_attempts=http.max_attempts,
        ca_file=http.ca_file,
    )


def _casemgr_settings(config: Config, secret: str) -> CasemgrSettings:
    http = config.http
    return CasemgrSettings(
        **config.casemgr.model_dump(
            include={
                "base_url",
                "tenant",
                "token_url",
                "client_id",
                "scope",
                "edit_as",
                "user_scope",
                "language",
                "activity_key_attribute",
                "case_key_attribute",
                "paths",
                "requests_per_minute",
            }
        ),
        client_secret=secret,
        sent_file=_sent_file(config, System.CASEMGR),
        user_token_url=config.casemgr.user_token_url or "",
        timeout_s=http.timeout,
        max_attempts=http.max_attempts,
        ca_file=http.ca_file,
    )


def _sent_file(config: Config, system: System) -> str:
    """Give where it is kept when requests left: beside the state, for all commands."""
    state = Path(config.state.path).resolve()  # a link is another name for it
    return str(state.with_name(f"{state.name}.{system}-sent"))


def state_lock(config: Config) -> StateLock:
    """Give the state's lock, not taken yet."""
    return StateLock(config.state.path)


@contextmanager
def reading_state(config: Config) -> Iterator[SqliteStore]:
    """Open the state read-only; works beside a run.

    Raises:
        StateError: there is none yet, it is unusable, or another pair's.
    """
    with SqliteStore.open(config.state.path, readonly=True) as store:
        store.need_pair(pair_of(config))
        yield store


@contextmanager
def writing_state(config: Config, command: str) -> Iterator[SqliteStore]:
    """Take the lock and open the state for writing, without any system.

    Raises:
        Locked: another run holds it.
        StateError: it is unusable, or another pair's.
    """
    now = canonical_time(SystemClock().now())
    with (
        state_lock(config).acquire(command, now) as lock,
        SqliteStore.open(config.state.path) as store,
    ):
        if lock.left_by is not None:
            _log.warning("lock.taken_over", extra=asdict(lock.left_by))
        store.bind(pair_of(config))
        store.doubt_older_than(lock.newest_run)
        try:
            yield store
        finally:
            with suppress(StateError):  # told already, by whoever met it first
                lock.newest_run = store.newest_run()


@contextmanager
def writing_run(
    loaded: Loaded,
    mapper: Mapper,
    command: str,
    *,
    reporter: Reporter,
    stop: threading.Event,
    direction: Direction | None = Direction.TO_CASEMGR,
) -> Iterator[Run]:
    """Take the lock and put a run together; `context.run` is set by the caller.

    Args:
        loaded: with its secrets.
        mapper: the mapping in force.
        command: for whoever finds the state locked.
        reporter: told how far the run is.
        stop: set it, and every wait ends at once.
        direction: whose limits and lags the writing goes by; None is the stricter of
            both.

    Raises:
        Locked: another run holds the state.
        StateError: it is unusable, or another pair's.
    """
    config = loaded.config
    clock = SystemClock(stop)
    with ExitStack() as stack:
        store = stack.enter_context(writing_state(config, command))
        locked_at = clock.monotonic()
        systems = build_systems(
            loaded,
            clock,
            reporter.waiting,
            kore_ids=kore_ids_of(mapper),
            answers=answers_in(store.facts),
        )
        stack.callback(systems.close)
        targets = _targets(config, direction)
        size = min(target.concurrency for target in targets)
        workers = stack.enter_context(Workers(size))
        context = Context(
            kore=systems.kore,
            casemgr=systems.casemgr,
            store=store,
            clock=clock,
            reporter=reporter,
            mapper=mapper,
            settings=_settings(config, targets),
            workers=workers,
            locked_at=locked_at,
        )
        yield Run(context=context, store=store, systems=systems, clock=clock)


def settings_of(config: Config) -> Settings:
    """Give how a two-way run treats the two systems."""
    return _settings(config, _targets(config, None))


def _targets(config: Config, direction: Direction | None) -> tuple[Kore | Casemgr, ...]:
    if direction is None:
        return (config.kore, config.casemgr)
    return (config.kore if direction is Direction.TO_KORE else config.casemgr,)


def _settings(config: Config, targets: tuple[Kore | Casemgr, ...]) -> Settings:
    casemgr = config.casemgr
    return Settings(
        pair=pair_of(config),
        case_key_field=f"custom.{casemgr.case_key_attribute}",
        activity_key_field=f"custom.{casemgr.activity_key_attribute}",
        visibility_lag_s=max(target.visibility_lag for target in targets),
        late_effect_s=max(target.late_effect for target in targets),
        marker=config.kore.marker,
        overlap_s=config.sync.overlap,
        departments=tuple(config.casemgr.departments),
    )
