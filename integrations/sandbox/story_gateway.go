package sandbox

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

// The gateway, and how many assistants stand behind it.
const (
	gateway     = "model-gateway"
	repoGateway = "acme/model-gateway"
	routePull   = 77
	metricsPull = 76
	behind      = 12
)

// gatewayStory is about one gateway that breaks, and a dozen assistants that fail within a minute.
func gatewayStory() Scenario {
	return Scenario{
		Name: "gateway", About: "a gateway breaks, and the dozen assistants behind it burn within a minute",
		Truth: "config #77 of the gateway", Cause: causeOf(repoGateway, routePull), service: gateway, cast: behindTheGateway, vital: failures(0.01, 0),
		pulls: []githubfake.Pull{
			{
				Repository: repoGateway, Number: metricsPull, Title: "Count retries", Author: author, Branch: "count-retries", CreatedAt: Origin().Add(-9 * time.Hour),
				Files: []githubfake.File{{Path: "internal/proxy/metrics.go", Status: "modified", Additions: 31, Deletions: 2}}, Reviews: approved(Origin().Add(-time.Hour)),
			},
			{
				Repository: repoGateway, Number: routePull, Title: "Route by region", Author: colleague, Branch: "regions", CreatedAt: Origin().Add(-6 * time.Hour),
				Files: []githubfake.File{{Path: "config/routes.yaml", Status: "modified", Additions: 14, Deletions: 5}}, Reviews: approved(Origin().Add(-time.Hour)),
			},
		},
		wishes: gatewayWishes(), acts: gatewayActs, ends: (*director).healedByItself, deadline: 120 * time.Minute,
		promises: []promise{pages(1), cards(1), names(1), comesBack(), nothingTwice()},
	}
}

func behindTheGateway() []assistant.Service {
	all := assistant.Services()
	add := func(name string, rate float64) {
		all = append(all, assistant.Service{
			Name: name, Environment: production, Provider: "openai", RequestModel: "gpt-4o-mini", Pods: []string{name + "-0:9464"}, Rate: rate, Version: "a1", Normal: normal(),
		})
	}
	add(gateway, 60)
	for i := range behind {
		add(desk(i), 1.5)
	}
	return all
}

// desk names one of the assistants.
func desk(i int) string { return fmt.Sprintf("desk-%02d", i+1) }

func gatewayWishes() wishes {
	var services, objectives strings.Builder
	promise := func(name string) {
		fmt.Fprintf(&objectives, "  - {name: %s-answers, service: %s, signal: errors, target: 99.9%%, rules: [{long: 1h, short: 5m, factor: 14.4, severity: page}]}\n", name, name)
	}
	fmt.Fprintf(&services, "  - {name: %s, owner: team-platform, match: {service_name: %s}, environments: [production], repositories: [{name: %s}]}\n", gateway, gateway, repoGateway)
	promise(gateway)
	for i := range behind {
		fmt.Fprintf(&services, "  - {name: %s, owner: team-desks, match: {service_name: %s}, environments: [production], depends_on: [%s]}\n", desk(i), desk(i), gateway)
		promise(desk(i))
	}
	// One signal is asked for: with every signal of the pack for so many services, a machine that has little to spare cannot follow the fast clock.
	return wishes{services: services.String(), objectives: objectives.String(), detectors: "  {}", signals: `  custom:
    - name: errors
      title: error ratio
      bad: gen_ai_client_operation_duration_seconds_count{error_type!=""}
      total: gen_ai_client_operation_duration_seconds_count`}
}

func gatewayActs(d *director) []act {
	failing := normal()
	failing.Failed = 0.3
	all := func(b assistant.Behaviour) {
		d.sandbox.world.Deploy(gateway, "", b, d.now().Add(15*time.Second), 0)
		for i := range behind {
			d.sandbox.world.Deploy(desk(i), "", b, d.now().Add(15*time.Second+time.Duration(i)*time.Second), 0)
		}
	}
	d.undo[d.scenario.Cause] = func(githubfake.Pull) { all(normal()) }
	d.onceOpen(15*time.Minute, func() { d.takeBack(repoGateway, routePull, colleague) })
	acts := ordinary(d)[1:]
	acts = append(acts, d.lands(5*time.Minute, repoGateway, metricsPull, colleague, nil)...)
	return append(acts, d.lands(10*time.Minute, repoGateway, routePull, colleague, func(githubfake.Pull) { all(failing) })...)
}

// takeBackIfNobodyDid reverts a pull request as a person does who sees that the bot does not.
func (d *director) takeBackIfNobodyDid(repo string, number int, by string) {
	if rollbackOf(d.sandbox.hub.Pulls(), d.sandbox.hub.Deployments(), causeOf(repo, number)) == RollbackNone {
		d.takeBack(repo, number, by)
	}
}

// takeBack reverts a pull request as a person does.
func (d *director) takeBack(repo string, number int, by string) {
	p, ok := d.sandbox.hub.Pull(repo, number)
	if !ok {
		return
	}
	files := make([]githubfake.File, 0, len(p.Files))
	for _, f := range p.Files {
		f.Before, f.After, f.Additions, f.Deletions = f.After, f.Before, f.Deletions, f.Additions
		files = append(files, f)
	}
	revert, err := d.sandbox.hub.Open(githubfake.Pull{
		Repository: repo, Title: fmt.Sprintf("Revert %q", p.Title), Body: fmt.Sprintf("Reverts %s#%d", repo, number), Author: by,
		Branch: fmt.Sprintf("revert-%d-%s", number, p.Branch), Files: files, Reverts: number,
	})
	if err != nil {
		d.say("%v", err)
		return
	}
	d.land(repo, revert.Number, by, fmt.Sprintf("which takes #%d back", number))
}
