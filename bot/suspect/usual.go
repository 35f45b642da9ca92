package suspect

import "github.com/firebreak-dev/firebreak/bot"

// pseudo is how many candidates weigh as much as the shipped idea of ordinary changes.
const pseudo = 10

// usual is how ordinary changes are spread here: over kinds, and, of those whose services are known, over where they lie.
type usual struct {
	kinds  map[bot.Kind]float64
	others float64 // the share of a kind that no candidate has
	scopes [relations]float64
}

// usualOf counts the candidates. That one of them may be guilty hardly matters; while they are few, the shipped idea of ordinary
// changes weighs as much as ten of them.
func usualOf(candidates []candidate) usual {
	u := usual{kinds: map[bot.Kind]float64{}}
	n, known, kinds, scopes := float64(len(candidates)), 0.0, 0.0, 0.0
	for _, k := range bot.Kinds() {
		kinds += ordinary(k)
	}
	count := map[bot.Kind]float64{}
	var where [relations]float64
	for _, cand := range candidates {
		count[cand.kind]++
		if cand.relation != unknown {
			where[cand.relation]++
			known++
		}
	}
	u.others = pseudo * ordinary("") / kinds / (n + pseudo)
	for _, k := range bot.Kinds() {
		u.kinds[k] = (count[k] + pseudo*ordinary(k)/kinds) / (n + pseudo)
	}
	for r := range relations {
		if r != unknown {
			scopes += bystanders(r)
		}
	}
	for r := range relations {
		if r != unknown {
			u.scopes[r] = (where[r] + pseudo*bystanders(r)/scopes) / (known + pseudo)
		}
	}
	return u
}

// kind is the share of a kind among ordinary changes.
func (u usual) kind(k bot.Kind) float64 {
	if share, known := u.kinds[k]; known {
		return share
	}
	return u.others
}
