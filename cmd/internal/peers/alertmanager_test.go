package peers_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const alertToken = "a-token-that-nobody-guesses"

// alertManager is a real Alertmanager.
type alertManager struct{ url string }

// startAlertmanager runs Debian's Alertmanager with receivers and their route; alerts of one name and service are one notification.
func startAlertmanager(t *testing.T, receivers string) alertManager {
	t.Helper()
	binary, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		if binary, err = exec.LookPath("alertmanager"); err != nil {
			t.Fatal("there is no Alertmanager: `.ci/deps` installs Debian's")
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "alertmanager.yml"), `route:
  receiver: firebreak
  group_by: [service]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
`+receivers)
	address := freePort(t)
	log := &tail{}
	command := exec.Command(binary, "--config.file="+filepath.Join(dir, "alertmanager.yml"), "--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--cluster.listen-address=")
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt) // it may have ended
		_ = command.Wait()
		if t.Failed() {
			t.Logf("Alertmanager said:\n%s", log)
		}
	})
	am := alertManager{"http://" + address}
	await(t, "Alertmanager to be ready", func() bool {
		resp, err := http.Get(am.url + "/-/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return am
}

// freePort names an address that is free now.
func freePort(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// tell sends alerts as Prometheus does; one that has ended carries when.
func (am alertManager) tell(t *testing.T, ended time.Time, alerts ...map[string]any) {
	t.Helper()
	for _, a := range alerts {
		if !ended.IsZero() {
			a["endsAt"] = ended
		}
	}
	text, err := json.Marshal(alerts)
	if err != nil {
		t.Fatal(err)
	}
	status, said := request(t, http.MethodPost, am.url+"/api/v2/alerts", string(text), http.Header{"Content-Type": {"application/json"}})
	if status != http.StatusOK {
		t.Fatalf("Alertmanager answers %d %s", status, said)
	}
}

func alert(name, service, summary string, began time.Time) map[string]any {
	return map[string]any{
		"labels":      map[string]string{"alertname": name, "service": service, "severity": "critical"},
		"annotations": map[string]string{"summary": summary, "description": "more than 5 % for ten minutes"},
		"startsAt":    began, "generatorURL": "http://prometheus.example/graph?g0.expr=x",
	}
}

var textBlock = regexp.MustCompile("(?s)```text\n(receivers:.*?)```")

// documented is the receiver of our manual, with the addresses of this test.
func documented(t *testing.T, b firebreak) string {
	t.Helper()
	manual, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "sources", "alertmanager.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := textBlock.FindSubmatch(manual)
	if block == nil {
		t.Fatal("docs/sources/alertmanager.md shows no receivers")
	}
	file := filepath.Join(t.TempDir(), "firebreak.token")
	write(t, file, alertToken)
	text := string(block[1])
	for from, to := range map[string]string{"https://firebreak.example.com": b.url, "/etc/alertmanager/firebreak.token": file} {
		if !strings.Contains(text, from) {
			t.Fatalf("the receivers of docs/sources/alertmanager.md name no %s", from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	return text
}

func listeningBot(t *testing.T) firebreak {
	t.Helper()
	t.Setenv("ALERTMANAGER_TOKEN", alertToken)
	return runBot(t, `
services:
  - {name: support-assistant, owner: team-support-ai, match: {service_name: support-assistant}}
  - {name: retrieval, owner: team-support-ai, match: {service_name: retrieval}}
watch: {interval: 1s}
incidents: {recovered_after: 1s, resolved_after: 1s}
alertmanager:
  token: ${env:ALERTMANAGER_TOKEN}
`, nil)
}

// incident is what the API tells of one.
type incident struct {
	ID, Service, Title, State, Severity string
	Findings                            []struct{ Key, Verdict string }
}

func (b firebreak) incidents(t *testing.T) (out []incident) {
	t.Helper()
	var answer struct{ Incidents []incident }
	text := b.get(t, "/api/v1/incidents")
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return answer.Incidents
}

// TestRealAlertmanagerTellsUs has a real Alertmanager, set up as our manual says, tell the bot of alerts from firing to resolved.
func TestRealAlertmanagerTellsUs(t *testing.T) {
	b := listeningBot(t)
	am := startAlertmanager(t, documented(t, b))
	began := time.Now().Add(-10 * time.Minute).UTC()
	refusals := alert("Refusals", "support-assistant", "refusals at 7 %", began)
	cost := alert("Cost", "support-assistant", "cost doubled", began.Add(time.Minute))

	// Two alerts of one service come as one notification, and are one incident; those of a service that nobody knows are none.
	am.tell(t, time.Time{}, refusals, cost, alert("Refusals", "nobody-knows", "elsewhere", began))
	b.shows(t, "/api/v1/incidents", `"refusals at 7 %"`)
	b.shows(t, "/metrics", `firebreak_deliveries_worked_total{result="unused",source="alertmanager"} 1`)
	am.tell(t, time.Time{}, alert("Latency", "retrieval", "p95 at 9 s", began))
	b.shows(t, "/api/v1/incidents", `"p95 at 9 s"`)
	all := b.incidents(t)
	if len(all) != 2 {
		t.Errorf("%+v", all)
	}
	for _, in := range all {
		if in.State == "resolved" || in.Severity != "page" {
			t.Errorf("%+v", in)
		}
	}

	// One of the two ends: the incident goes on. Then the other does, and with it the incident, though nobody here watches the signals.
	am.tell(t, time.Now(), refusals)
	b.shows(t, "/metrics", `firebreak_webhook_deliveries_total{result="accepted",source="alertmanager"} 4`)
	am.tell(t, time.Now(), cost)
	await(t, "the first incident resolved", func() bool {
		for _, in := range b.incidents(t) {
			if in.Service == "support-assistant" {
				return in.State == "resolved"
			}
		}
		return false
	})
	for _, in := range b.incidents(t) {
		if in.Service == "retrieval" && in.State == "resolved" {
			t.Errorf("nobody said that it is over: %+v", in)
		}
	}
}

// gaveUp is what Alertmanager tells of a notification that failed for good; newer ones say why.
var gaveUp = regexp.MustCompile(`(?m)^alertmanager_notifications_failed_total\{integration="webhook".*\} 1$`)

// TestRealAlertmanagerProvesWhoItIs gives the token the other way that Alertmanager knows, and a wrong one.
func TestRealAlertmanagerProvesWhoItIs(t *testing.T) {
	receiver := func(b firebreak, password string) string {
		return fmt.Sprintf(`receivers:
  - name: firebreak
    webhook_configs:
      - url: %s/webhooks/alertmanager
        http_config:
          basic_auth: {username: alertmanager, password: %s}
`, b.url, password)
	}
	t.Run("as the password of basic_auth", func(t *testing.T) {
		b := listeningBot(t)
		startAlertmanager(t, receiver(b, alertToken)).tell(t, time.Time{}, alert("Refusals", "support-assistant", "refusals at 7 %", time.Now()))
		b.shows(t, "/api/v1/incidents", `"refusals at 7 %"`)
	})
	t.Run("another password is refused, and Alertmanager does not try again", func(t *testing.T) {
		b := listeningBot(t)
		am := startAlertmanager(t, receiver(b, "guessed"))
		am.tell(t, time.Time{}, alert("Refusals", "support-assistant", "refusals at 7 %", time.Now()))
		b.shows(t, "/metrics", `firebreak_webhook_deliveries_total{result="unauthorized",source="alertmanager"} 1`)
		await(t, "Alertmanager to give up after one attempt", func() bool { return gaveUp.MatchString(firebreak(am).get(t, "/metrics")) })
		if all := b.incidents(t); len(all) != 0 {
			t.Errorf("%+v", all)
		}
	})
}
