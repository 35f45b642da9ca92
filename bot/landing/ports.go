package landing

import (
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
)

// Memory keeps what is known of pull requests.
type Memory interface {
	// Recall returns what is kept under a key, and whether there is anything.
	Recall(ctx context.Context, space, key string) ([]byte, bool, error)
	// Recollect returns all that is kept in a space, by key.
	Recollect(ctx context.Context, space string) (map[string][]byte, error)
	// Replace keeps a value in place of the one that the caller knows, nil for none, and tells whether it was that one.
	Replace(ctx context.Context, space, key string, old, value []byte) (bool, error)
	Forget(ctx context.Context, space, key string) error
}

// Audit keeps who did what.
type Audit interface {
	Note(ctx context.Context, at time.Time, actor, action, target, detail string) error
}

// Forge is where pull requests live. An error may be a *Trouble, which says what it means for what comes next.
type Forge interface {
	// Ping tells whether it can be reached at all.
	Ping(ctx context.Context) error
	// Pull reads a pull request.
	Pull(ctx context.Context, repository string, number int) (bot.Pull, error)
	// Policy reads the policy of a repository as it stands on a branch; nil where it has none.
	Policy(ctx context.Context, repository, branch string) ([]byte, error)
	// Changed tells that files of a repository may be others: what is remembered of them is forgotten.
	Changed(repository string)
	// Member tells whether somebody belongs to a team, as acme/leads.
	Member(ctx context.Context, team, login string) (bool, error)
	// FindCheck looks for a check of that name and key on a commit; zero where there is none.
	FindCheck(ctx context.Context, repository, head, name, key string) (int64, error)
	CreateCheck(ctx context.Context, run bot.CheckRun) (int64, error)
	UpdateCheck(ctx context.Context, id int64, run bot.CheckRun) error
	// FindComment looks for a comment of ours that holds a mark; zero where there is none.
	FindComment(ctx context.Context, repository string, number int, mark string) (int64, error)
	Comment(ctx context.Context, repository string, number int, body string) (int64, error)
	EditComment(ctx context.Context, repository string, id int64, body string) error
	// Answer tells a deployment that waits whether it may go on; with an empty state it leaves a word only.
	Answer(ctx context.Context, d bot.Protected, state, comment string) error
}

// Policies reads the text of a policy; faulty says why it cannot be used.
type Policies interface {
	Read(text []byte) (p check.Policy, faulty string)
	// Default is the policy of repositories without one.
	Default() check.Policy
}

// Rules are the rules with all that they go by at one moment.
type Rules interface {
	// Look takes in what judgements depend on beside the pull request: the calendar, open incidents, budgets, evaluations.
	Look(ctx context.Context, now time.Time) (Scene, error)
}

// Scene is one moment.
type Scene interface {
	// Assess judges landing a pull request at that moment.
	Assess(ctx context.Context, p bot.Pull) Assessed
	// Watched tells how a change has gone since it landed.
	Watched(ctx context.Context, c bot.Change, since time.Time) check.Watched
	// Promotion tells whether a roll-out of a repository's revision to an environment may go on.
	Promotion(ctx context.Context, d bot.Protected) bot.Promotion
}

// Assessed is a judgement with what a check shows beside it.
type Assessed struct {
	Assessment bot.Assessment
	// Change is the pull request's, classified.
	Change   bot.Change
	Kinds    map[string]bot.Kind
	Openings []bot.Opening
}
