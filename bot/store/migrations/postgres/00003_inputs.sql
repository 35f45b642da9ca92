-- +goose Up
-- Changes that tell of operational inputs, found by service, and under the empty name by all; and what a deployment declared.

CREATE TABLE change_inputs (
    service   TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    change_id TEXT COLLATE "C" NOT NULL REFERENCES changes (id) ON DELETE CASCADE,
    PRIMARY KEY (service, at, change_id)
);
CREATE INDEX change_inputs_by_change ON change_inputs (change_id);

INSERT INTO change_inputs (service, at, change_id)
SELECT DISTINCT '', k.at, k.change_id FROM change_kinds k
WHERE k.kind IN ('prompt', 'policy', 'model', 'guardrail', 'retrieval', 'embedding', 'price', 'evaluation');

INSERT INTO change_inputs (service, at, change_id)
SELECT s.service, s.at, s.change_id FROM change_services s
WHERE s.service <> '' AND EXISTS (SELECT 1 FROM change_inputs i WHERE i.change_id = s.change_id);

ALTER TABLE deployments ADD COLUMN inputs TEXT NOT NULL DEFAULT '';
CREATE INDEX deployments_by_repository ON deployments (repository, at);
