package check

import (
	"strconv"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// ExposureLabel begins a label that declares the share of traffic that a change reaches first, as exposure/5%.
const ExposureLabel = "exposure/"

// Labelled takes over what labels declare.
func Labelled(p bot.Pull) bot.Pull {
	p.Change.Exposure = 0
	for _, label := range p.Labels {
		text, ok := strings.CutPrefix(strings.ToLower(label), ExposureLabel)
		if !ok {
			continue
		}
		percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
		if err == nil && percent > 0 && percent <= 100 {
			p.Change.Exposure = percent / 100
		}
	}
	return p
}
