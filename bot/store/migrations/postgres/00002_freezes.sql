-- +goose Up
-- Freezes that people started. to_at and ended_at are 0 where nobody knows yet.

CREATE TABLE freezes (
    id         TEXT COLLATE "C" PRIMARY KEY,
    from_at    BIGINT NOT NULL,
    to_at      BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    ended_by   TEXT NOT NULL,
    end_reason TEXT NOT NULL,
    doc        TEXT NOT NULL
);
CREATE INDEX freezes_by_time ON freezes (from_at, id);
