// Package durable keeps runs alive: a run that has begun is carried on until it is over, whatever happens to the process.
//
// It answers: who carries this run on, after a crash, a restart, a deploy? It is the only package that knows DBOS. Each run is
// one DBOS workflow of the same name whose ID is the run's ID, so a run can be started any number of times and runs once. The
// workflow has one step, which advances the run (package run), waits for what the run waits for, and advances it again until
// it is over. DBOS restarts the workflows of a process that died; a sweeper starts those whose process died between the
// journal's row and the workflow's.
//
// What a run has done stands in its journal and nowhere else. DBOS checkpoints are not used for it: they would write every
// answer twice and, on SQLite, have every wake-up wait for a poll of one second. So restarting a workflow from its beginning
// is harmless, the journal tells it where it stands, and DBOS's own rows are deleted some time after a run is over.
//
// Being woken is a bell in this process. It carries no message: whoever rings has written what is new to the store before.
// What another process wrote is found by the sweeper, and after a restart everything is looked at anyway, so that no bell has
// to be durable.
//
// It never decides anything about a run and never calls an action itself. It is blind while the database is away: runs then
// stand still and are tried again.
package durable
