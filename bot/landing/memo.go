package landing

import (
	"hash/maphash"
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
)

// verdicts are what was judged of a pull request last, and by what.
type verdicts struct {
	by      memo
	subject check.Subject
	// pull stands on its head, group on commits of a merge queue.
	pull, group told
}

// told is a verdict with its digest, and with that of what it means.
type told struct {
	check.Verdict
	digest, meaning string
}

func said(s check.Subject, v check.Verdict) told { return told{v, digest(v), meaning(s, v)} }

// memo is what a pull request was judged by. As long as it is the same, the words are the same and need not be made again.
type memo struct {
	// text is what was kept: any change of it makes another one.
	text *byte
	// policy is the number of the reading of the policy.
	policy int
	seen   uint64
	holds  bool
}

func memoOf(now time.Time, k *kept, p policy, seen Assessed) memo {
	m := memo{policy: p.number, seen: fingerprint(seen), holds: k.Override.Holds(now, k.Change.Revision)}
	if len(k.text) > 0 {
		m.text = &k.text[0]
	}
	return m
}

var seed = maphash.MakeSeed()

// fingerprint is a number for all of a judgement that is told. What the pull request itself decides is left out.
func fingerprint(a Assessed) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	text := func(all ...string) {
		for _, s := range all {
			_, _ = h.WriteString(s)
			_ = h.WriteByte(0)
		}
	}
	number := func(v uint64) {
		maphash.WriteComparable(&h, v)
	}
	text(string(a.Assessment.Level), a.Change.Rollback)
	number(math.Float64bits(a.Assessment.Score))
	for _, r := range a.Assessment.Reasons {
		text(r.Code, r.Sentence, r.Lower)
		number(math.Float64bits(r.Weight))
	}
	text(a.Assessment.Unknown...)
	for _, o := range a.Openings {
		window(o, text, number)
	}
	return h.Sum64()
}

func window(o bot.Opening, text func(...string), number func(uint64)) {
	text(o.Service, o.Zone)
	if o.Open {
		text("open")
	}
	number(uint64(o.Until.UnixMicro()))
}
