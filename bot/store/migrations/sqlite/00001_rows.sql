-- +goose Up
-- Times are microseconds since 1970 in UTC; 0 means unknown. Documents (doc, data, plan, scope) are JSON.

CREATE TABLE deliveries (
    source      TEXT NOT NULL,
    id          TEXT NOT NULL,
    event       TEXT NOT NULL,
    body        BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    state       TEXT NOT NULL,
    problem     TEXT NOT NULL,
    finished_at INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) STRICT;
CREATE INDEX deliveries_by_state ON deliveries (state, received_at, source, id);

CREATE TABLE changes (
    id           TEXT    PRIMARY KEY NOT NULL,
    at           INTEGER NOT NULL,
    merged_at    INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL,
    repository   TEXT NOT NULL,
    revision     TEXT NOT NULL,
    branch       TEXT NOT NULL,
    doc          TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_time ON changes (at, id);
CREATE INDEX changes_by_repository ON changes (repository, at, id);
CREATE INDEX changes_by_revision ON changes (repository, revision);
CREATE INDEX changes_by_effect ON changes (repository, effective_at, merged_at);

CREATE TABLE change_services (
    service   TEXT NOT NULL,
    at        INTEGER NOT NULL,
    change_id TEXT NOT NULL REFERENCES changes (id) ON DELETE CASCADE,
    PRIMARY KEY (service, at, change_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_services_by_change ON change_services (change_id);

CREATE TABLE change_kinds (
    kind      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    change_id TEXT NOT NULL REFERENCES changes (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, at, change_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_kinds_by_change ON change_kinds (change_id);

CREATE TABLE deployments (
    repository  TEXT NOT NULL,
    revision    TEXT NOT NULL,
    environment TEXT NOT NULL,
    at          INTEGER NOT NULL,
    source      TEXT NOT NULL,
    url         TEXT NOT NULL,
    PRIMARY KEY (repository, revision, at, environment)
) STRICT;
CREATE INDEX deployments_by_time ON deployments (at);

CREATE TABLE findings (
    key     TEXT    PRIMARY KEY NOT NULL,
    service TEXT NOT NULL,
    at      INTEGER NOT NULL,
    doc     TEXT NOT NULL
) STRICT;
CREATE INDEX findings_by_time ON findings (at);

CREATE TABLE incidents (
    id          TEXT    PRIMARY KEY NOT NULL,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    state       TEXT NOT NULL,
    severity    TEXT NOT NULL,
    opened_at   INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    resolved_at INTEGER NOT NULL,
    doc         TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_by_time ON incidents (opened_at, id);
CREATE INDEX incidents_by_service ON incidents (service, opened_at, id);
CREATE INDEX incidents_by_state ON incidents (state, opened_at, id);

CREATE TABLE entries (
    incident TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    seq      INTEGER NOT NULL,
    id       TEXT NOT NULL,
    key      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    actor    TEXT NOT NULL,
    sentence TEXT NOT NULL,
    data     TEXT NOT NULL,
    PRIMARY KEY (incident, seq),
    UNIQUE (incident, id)
) STRICT;
CREATE UNIQUE INDEX entries_once ON entries (incident, key) WHERE key <> '';

CREATE TABLE runs (
    id         TEXT PRIMARY KEY NOT NULL,
    incident   TEXT NOT NULL,
    state      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    plan       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_time ON runs (started_at, id);
CREATE INDEX runs_by_incident ON runs (incident, started_at, id);
CREATE INDEX runs_by_state ON runs (state, started_at, id);

CREATE TABLE run_events (
    run      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq      INTEGER NOT NULL,
    id       TEXT NOT NULL,
    at       INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    step     TEXT NOT NULL,
    status   TEXT NOT NULL,
    retry_at INTEGER NOT NULL,
    doc      TEXT NOT NULL,
    PRIMARY KEY (run, seq),
    UNIQUE (run, id)
) STRICT;
CREATE INDEX run_events_by_step ON run_events (run, step, seq);

CREATE TABLE approvals (
    id         TEXT PRIMARY KEY NOT NULL,
    incident   TEXT NOT NULL,
    run        TEXT NOT NULL,
    asked_at   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decision   TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    via        TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX approvals_by_time ON approvals (asked_at, id);
CREATE INDEX approvals_open ON approvals (asked_at, id) WHERE decision = '';
CREATE INDEX approvals_by_incident ON approvals (incident, asked_at, id);
CREATE INDEX approvals_by_run ON approvals (run, asked_at, id);

CREATE TABLE documents (
    name       TEXT    PRIMARY KEY NOT NULL,
    incident   TEXT NOT NULL,
    media_type TEXT NOT NULL,
    body       BLOB NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX documents_by_incident ON documents (incident);
CREATE INDEX documents_by_time ON documents (at);

CREATE TABLE memory (
    space TEXT NOT NULL,
    key   TEXT NOT NULL,
    value BLOB NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (space, key)
) STRICT;
CREATE INDEX memory_by_time ON memory (at);

CREATE TABLE chunks (
    start_at    INTEGER NOT NULL,
    signal      TEXT NOT NULL,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    slice       TEXT NOT NULL,
    data        BLOB NOT NULL,
    PRIMARY KEY (start_at, signal, service, environment, slice)
) STRICT;

CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
