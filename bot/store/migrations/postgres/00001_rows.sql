-- +goose Up
-- Times are microseconds since 1970 in UTC; 0 means unknown. Documents (doc, data, plan, scope) are JSON.

CREATE TABLE deliveries (
    source      TEXT COLLATE "C" NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    event       TEXT NOT NULL,
    body        BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    state       TEXT NOT NULL,
    problem     TEXT NOT NULL,
    finished_at BIGINT NOT NULL,
    PRIMARY KEY (source, id)
);
CREATE INDEX deliveries_by_state ON deliveries (state, received_at, source, id);

CREATE TABLE changes (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    at           BIGINT NOT NULL,
    merged_at    BIGINT NOT NULL,
    effective_at BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    repository   TEXT COLLATE "C" NOT NULL,
    revision     TEXT COLLATE "C" NOT NULL,
    branch       TEXT NOT NULL,
    doc          TEXT NOT NULL
);
CREATE INDEX changes_by_time ON changes (at, id);
CREATE INDEX changes_by_repository ON changes (repository, at, id);
CREATE INDEX changes_by_revision ON changes (repository, revision);
CREATE INDEX changes_by_effect ON changes (repository, effective_at, merged_at);

CREATE TABLE change_services (
    service   TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    change_id TEXT COLLATE "C" NOT NULL REFERENCES changes (id) ON DELETE CASCADE,
    PRIMARY KEY (service, at, change_id)
);
CREATE INDEX change_services_by_change ON change_services (change_id);

CREATE TABLE change_kinds (
    kind      TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    change_id TEXT COLLATE "C" NOT NULL REFERENCES changes (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, at, change_id)
);
CREATE INDEX change_kinds_by_change ON change_kinds (change_id);

CREATE TABLE deployments (
    repository  TEXT COLLATE "C" NOT NULL,
    revision    TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    source      TEXT COLLATE "C" NOT NULL,
    url         TEXT NOT NULL,
    PRIMARY KEY (repository, revision, at, environment)
);
CREATE INDEX deployments_by_time ON deployments (at);

CREATE TABLE findings (
    key     TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    doc     TEXT NOT NULL
);
CREATE INDEX findings_by_time ON findings (at);

CREATE TABLE incidents (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    service     TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    state       TEXT NOT NULL,
    severity    TEXT NOT NULL,
    opened_at   BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    resolved_at BIGINT NOT NULL,
    doc         TEXT NOT NULL
);
CREATE INDEX incidents_by_time ON incidents (opened_at, id);
CREATE INDEX incidents_by_service ON incidents (service, opened_at, id);
CREATE INDEX incidents_by_state ON incidents (state, opened_at, id);

CREATE TABLE entries (
    incident TEXT COLLATE "C" NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    seq      BIGINT NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    key      TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    actor    TEXT NOT NULL,
    sentence TEXT NOT NULL,
    data     TEXT NOT NULL,
    PRIMARY KEY (incident, seq),
    UNIQUE (incident, id)
);
CREATE UNIQUE INDEX entries_once ON entries (incident, key) WHERE key <> '';

CREATE TABLE runs (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    incident   TEXT COLLATE "C" NOT NULL,
    state      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    plan       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    doc        TEXT NOT NULL
);
CREATE INDEX runs_by_time ON runs (started_at, id);
CREATE INDEX runs_by_incident ON runs (incident, started_at, id);
CREATE INDEX runs_by_state ON runs (state, started_at, id);

CREATE TABLE run_events (
    run      TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq      BIGINT NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    kind     TEXT NOT NULL,
    step     TEXT COLLATE "C" NOT NULL,
    status   TEXT NOT NULL,
    retry_at BIGINT NOT NULL,
    doc      TEXT NOT NULL,
    PRIMARY KEY (run, seq),
    UNIQUE (run, id)
);
CREATE INDEX run_events_by_step ON run_events (run, step, seq);

CREATE TABLE approvals (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    incident   TEXT COLLATE "C" NOT NULL,
    run        TEXT COLLATE "C" NOT NULL,
    asked_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decision   TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    via        TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    doc        TEXT NOT NULL
);
CREATE INDEX approvals_by_time ON approvals (asked_at, id);
CREATE INDEX approvals_open ON approvals (asked_at, id) WHERE decision = '';
CREATE INDEX approvals_by_incident ON approvals (incident, asked_at, id);
CREATE INDEX approvals_by_run ON approvals (run, asked_at, id);

CREATE TABLE documents (
    name       TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    incident   TEXT COLLATE "C" NOT NULL,
    media_type TEXT NOT NULL,
    body       BYTEA NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX documents_by_incident ON documents (incident);
CREATE INDEX documents_by_time ON documents (at);

CREATE TABLE memory (
    space TEXT COLLATE "C" NOT NULL,
    key   TEXT COLLATE "C" NOT NULL,
    value BYTEA NOT NULL,
    at    BIGINT NOT NULL,
    PRIMARY KEY (space, key)
);
CREATE INDEX memory_by_time ON memory (at);

CREATE TABLE chunks (
    start_at    BIGINT NOT NULL,
    signal      TEXT COLLATE "C" NOT NULL,
    service     TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    slice       TEXT COLLATE "C" NOT NULL,
    data        BYTEA NOT NULL,
    PRIMARY KEY (start_at, signal, service, environment, slice)
);

CREATE TABLE audit (
    seq    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     BIGINT NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at);
