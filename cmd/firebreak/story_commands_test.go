package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/firebreak-dev/firebreak/integrations/sandbox"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// command is a command of a story. It is told whether it was written with "!", and gives what it prints.
type command func(ts *testscript.TestScript, w *world, neg bool, args []string) (string, error)

// storyCommands are the commands that testscript does not have.
func storyCommands() map[string]func(*testscript.TestScript, bool, []string) {
	out := map[string]func(*testscript.TestScript, bool, []string){}
	for name, do := range map[string]command{
		"clock": cmdClock, "traffic": cmdTraffic, "start-bot": cmdStart, "stop-bot": cmdStop(syscall.SIGTERM),
		"kill-bot": cmdStop(syscall.SIGKILL), "reload-bot": cmdReload, "get": cmdGet, "bot-log": cmdLog, "webhook": cmdWebhook,
		"github": cmdGitHub, "pagerduty": cmdPager, "press": cmdPress, "slash": cmdSlash, "socket": cmdSocket, "form": cmdForm, "views": cmdViews, "chat": cmdChat, "fault": cmdFault, "posts": cmdPosts, "wait-for": cmdWaitFor, "capture": cmdCapture,
		"ticks": cmdTicks, "large": cmdLarge, "run": cmdRun, "exits": cmdExits, "valid": cmdValid, "disk": cmdDisk,
	} {
		negatable := name == "get" || name == "webhook" || name == "valid"
		out[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg && !negatable {
				ts.Fatalf("%s cannot be negated", name)
			}
			printed, err := do(ts, worldOf(ts), neg, args)
			_, _ = io.WriteString(ts.Stdout(), printed) // into memory; nothing, too, so that stdout is not that of the command before
			if err != nil {
				ts.Fatalf("%s: %v", name, err)
			}
		}
	}
	return out
}

func ctxOf(*testscript.TestScript) context.Context { return context.Background() }

// fatal is an error that waiting does not mend.
type fatal struct{ error }

// await repeats until it succeeds, for at most patience.
func await(try func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for look := firstLook; ; look = min(look*3/2, longestLook) {
		err := try()
		var hopeless fatal
		if err == nil || errors.As(err, &hopeless) {
			return err
		}
		if pause(ctx, look) != nil {
			return fmt.Errorf("not within %s: %w", patience, err)
		}
	}
}

// What is waited for is looked at ever less often: a look may be a process of its own, which takes time from the bot.
const (
	firstLook   = 20 * time.Millisecond
	longestLook = 200 * time.Millisecond
)

// want tells what a command takes when it was given something else.
func want(args []string, n int, what string) error {
	if len(args) != n {
		return fmt.Errorf("takes %s", what)
	}
	return nil
}

// clock begins the story's time; a bot that is started later lives by it.
func cmdClock(_ *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if err := want(args, 2, "a time in Berlin and a speed"); err != nil {
		return "", err
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return "", err
	}
	origin, err := time.ParseInLocation("2006-01-02 15:04", args[0], zone)
	if err != nil {
		return "", err
	}
	speed, err := strconv.ParseFloat(args[1], 64)
	if err == nil {
		w.setClock(sandbox.NewClock(origin, speed))
	}
	return "", err
}

func cmdTraffic(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if err := want(args, 1, "a table"); err != nil {
		return "", err
	}
	return "", w.counted.set(ts.ReadFile(args[0]))
}

func cmdStart(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	p, err := w.start(ts, args)
	if err != nil {
		return "", err
	}
	return "", w.ready(ts, p)
}

func cmdStop(s syscall.Signal) command {
	return func(_ *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
		if err := want(args, 0, "nothing"); err != nil {
			return "", err
		}
		return "", w.stop(s)
	}
}

func cmdReload(_ *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	p := w.running1()
	if err := want(args, 0, "nothing"); err != nil || p == nil {
		return "", errors.Join(err, errors.New("no bot was started"))
	}
	return "", p.signal(syscall.SIGHUP)
}

func cmdLog(ts *testscript.TestScript, _ *world, _ bool, args []string) (string, error) {
	if err := want(args, 0, "nothing"); err != nil {
		return "", err
	}
	return said(ts)
}

// cmdGet asks the bot. With ! the bot must refuse; then the status stands before what it says.
func cmdGet(ts *testscript.TestScript, w *world, neg bool, args []string) (string, error) {
	if len(args) == 1 {
		args = append(args, "")
	}
	if err := want(args, 2, "a path and perhaps a token"); err != nil {
		return "", err
	}
	status, body, err := w.get(ctxOf(ts), args[0], args[1])
	return answered(status, body, err, neg)
}

func answered(status int, body string, err error, neg bool) (string, error) {
	if err != nil {
		return "", err
	}
	if (status >= http.StatusBadRequest) == neg {
		return fmt.Sprintf("%d %s", status, body), nil
	}
	return body, fmt.Errorf("the answer is %d", status)
}

// cmdWebhook sends a delivery as GitHub would, or as somebody would who is not GitHub.
func cmdWebhook(ts *testscript.TestScript, w *world, neg bool, args []string) (string, error) {
	flags := flag.NewFlagSet("webhook", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	id := flags.String("id", "", "X-GitHub-Delivery")
	sign := flags.String("sign", "right", "right, wrong, sha1 or none")
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	if err := want(flags.Args(), 2, "an event and a file, behind -id and -sign"); err != nil {
		return "", err
	}
	body := []byte(ts.ReadFile(flags.Arg(1)))
	header := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {flags.Arg(0)}, "X-Github-Delivery": {*id}}
	if *id == "" {
		header.Set("X-Github-Delivery", w.freshGUID())
	}
	mac := func(algorithm func() hash.Hash, secret string) string {
		m := hmac.New(algorithm, []byte(secret))
		m.Write(body)
		return hex.EncodeToString(m.Sum(nil))
	}
	secret := w.secrets["GITHUB_WEBHOOK_SECRET"]
	switch *sign {
	case "right":
		header.Set("X-Hub-Signature-256", "sha256="+mac(sha256.New, secret))
	case "wrong":
		header.Set("X-Hub-Signature-256", "sha256="+mac(sha256.New, secret+"?"))
	case "empty":
		header.Set("X-Hub-Signature-256", "sha256="+mac(sha256.New, ""))
	case "sha1":
		header.Set("X-Hub-Signature", "sha1="+mac(sha1.New, secret))
	case "none":
	default:
		return "", fmt.Errorf("unknown signature %q", *sign)
	}
	status, answer, err := w.post(ctxOf(ts), "/webhooks/github", body, header)
	return answered(status, answer, err, neg)
}

// freshGUID numbers deliveries in the order in which they are sent.
func (w *world) freshGUID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent++
	return fmt.Sprintf("72d3162e-cc78-11e3-81ab-%012d", w.sent)
}

// storyRepository is the one repository of every story.
const storyRepository = "acme/assistants"

// cmdGitHub is what people and pipelines do at GitHub; what follows from it is delivered to the bot.
func cmdGitHub(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if len(args) == 2 && args[0] == "pull" {
		p := githubfake.Pull{Repository: storyRepository}
		if err := json.Unmarshal([]byte(ts.ReadFile(args[1])), &p); err != nil {
			return "", err
		}
		_, err := w.hub.Open(p)
		return "", err
	}
	if len(args) < 2 || len(args) > 3 {
		return "", errors.New("takes pull FILE, merge N WHO or deploy N [STATE]")
	}
	number, err := strconv.Atoi(args[1])
	if err != nil {
		return "", err
	}
	rest := append(args[2:], "")[0]
	switch args[0] {
	case "merge":
		_, err := w.hub.Land(storyRepository, number, rest)
		return "", err
	case "deploy":
		return "", w.deploy(number, cmp.Or(rest, "success"))
	default:
		return "", fmt.Errorf("unknown verb %q", args[0])
	}
}

func (w *world) deploy(number int, state string) error {
	p, ok := w.hub.Pull(storyRepository, number)
	if !ok || !p.Merged() {
		return fmt.Errorf("#%d is not merged", number)
	}
	d, err := w.hub.Deploy(storyRepository, p.MergeSHA, "production", p.Title, "acme-deploy[bot]")
	if err != nil {
		return err
	}
	return w.hub.Report(storyRepository, d.ID, state)
}

// cmdPress presses the button with a label on the newest message that has one.
func cmdPress(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if err := want(args, 2, "who and a button's label"); err != nil {
		return "", err
	}
	messages := w.slack.Messages()
	for i := len(messages) - 1; i >= 0; i-- {
		for _, b := range slackfake.Buttons(messages[i]) {
			if b.Text != args[1] {
				continue
			}
			body, err := w.slack.Press(messages[i], b, slackfake.User{ID: args[0], Name: args[0]})
			if err != nil {
				return "", err
			}
			status, answer, err := w.post(ctxOf(ts), "/slack/interactions", body, w.slack.Sign(body, time.Now()))
			return answered(status, answer, err, false)
		}
	}
	return "", fmt.Errorf("no message has a button %q", args[1])
}

// cmdSlash writes a slash command in #incidents.
func cmdSlash(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if err := want(args, 2, "who and a line"); err != nil {
		return "", err
	}
	body, err := w.slack.Command("incidents", args[1], slackfake.User{ID: args[0], Name: args[0]})
	if err != nil {
		return "", err
	}
	status, answer, err := w.post(ctxOf(ts), "/slack/commands", body, w.slack.Sign(body, time.Now()))
	return answered(status, answer, err, false)
}

// cmdSocket sends a slash command over Socket Mode ("socket send WHO LINE", "socket send-twice WHO LINE"), presses a button ("socket press
// WHO LABEL"), cuts all connections or asks for fresh ones ("socket cut", "socket refresh"), or tells how many stand ("socket count").
func cmdSocket(_ *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	switch {
	case len(args) == 1 && args[0] == "cut":
		w.slack.Cut()
		return "", nil
	case len(args) == 1 && args[0] == "refresh":
		w.slack.Refresh()
		return "", nil
	case len(args) == 1 && args[0] == "count":
		return fmt.Sprintf("%d open\n", w.slack.Sockets()), nil
	case len(args) == 3 && args[0] == "press":
		messages := w.slack.Messages()
		for i := len(messages) - 1; i >= 0; i-- {
			for _, b := range slackfake.Buttons(messages[i]) {
				if b.Text == args[2] {
					_, err := w.slack.PushPress(messages[i], b, slackfake.User{ID: args[1], Name: args[1]})
					return "", err
				}
			}
		}
		return "", fmt.Errorf("no message has a button %q", args[2])
	case len(args) == 3 && (args[0] == "send" || args[0] == "send-twice"):
		times := map[string]int{"send": 1, "send-twice": 2}[args[0]]
		_, err := w.slack.PushCommand("incidents", args[2], slackfake.User{ID: args[1], Name: args[1]}, times)
		return "", err
	default:
		return "", errors.New("takes send, send-twice or press with who and what, or cut, refresh, count")
	}
}

// cmdFault lets a stand-in misbehave.
func cmdFault(_ *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if len(args) < 2 {
		return "", errors.New("takes a vendor, a mode and fields as calls=2")
	}
	gate := w.gate(args[0])
	if gate == nil {
		return "", fmt.Errorf("no stand-in %q", args[0])
	}
	fault := wire.Fault{Mode: wire.Mode(args[1])}
	for _, field := range args[2:] {
		name, value, _ := strings.Cut(field, "=")
		if name == "match" {
			fault.Match = value
			continue
		}
		into := map[string]*int{"calls": &fault.Calls, "delay_ms": &fault.Delay, "retry_after": &fault.RetryAfter}[name]
		if into == nil {
			return "", fmt.Errorf("a fault has no field %q", name)
		}
		var err error
		if *into, err = strconv.Atoi(value); err != nil {
			return "", err
		}
	}
	if err := fault.Check(); err != nil {
		return "", err
	}
	gate.Set(fault)
	return "", nil
}

// cmdWaitFor repeats a command that prints until the output matches.
func cmdWaitFor(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if len(args) < 2 {
		return "", errors.New("takes a regular expression and a command")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	if err != nil {
		return "", err
	}
	repeat := map[string]command{"get": cmdGet, "bot-log": cmdLog, "posts": cmdPosts, "run": cmdRun, "exec": cmdExec, "socket": cmdSocket, "views": cmdViews}[args[1]]
	if repeat == nil {
		return "", fmt.Errorf("%q cannot be repeated", args[1])
	}
	printed := ""
	err = await(func() error {
		var err error
		if printed, err = repeat(ts, w, false, args[2:]); err != nil {
			return err
		}
		if !pattern.MatchString(printed) {
			return fmt.Errorf("no match for `%s`", args[0])
		}
		return nil
	})
	return printed, err
}

func cmdExec(ts *testscript.TestScript, _ *world, _ bool, args []string) (string, error) {
	if len(args) == 0 {
		return "", errors.New("takes a program")
	}
	err := ts.Exec(args[0], args[1:]...)
	return ts.ReadFile("stdout"), err
}

// cmdExits runs a program that must end with a code.
func cmdExits(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if len(args) < 2 {
		return "", errors.New("takes a code and a program")
	}
	printed, err := cmdExec(ts, w, false, args[1:])
	_, _ = io.WriteString(ts.Stderr(), ts.ReadFile("stderr")) // into memory
	code := 0
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		code = ended.ExitCode()
	} else if err != nil {
		return printed, err
	}
	if strconv.Itoa(code) != args[0] {
		return printed, fmt.Errorf("it ended with %d", code)
	}
	return printed, nil
}

// cmdCapture keeps a part of what was printed last.
func cmdCapture(ts *testscript.TestScript, _ *world, _ bool, args []string) (string, error) {
	if err := want(args, 2, "a name and a regular expression"); err != nil {
		return "", err
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	if err != nil {
		return "", err
	}
	printed := ts.ReadFile("stdout")
	match := pattern.FindStringSubmatch(printed)
	if match == nil {
		return "", fmt.Errorf("no match for `%s` in what was printed last", args[1])
	}
	ts.Setenv(args[0], match[len(match)-1])
	return printed, nil
}

// cmdRun prints what happened in the newest run of a playbook, a line for each event: the step, what happened, and how long the
// next attempt waits.
func cmdRun(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if err := want(args, 1, "a playbook"); err != nil {
		return "", err
	}
	var list struct{ Runs []run.Run }
	if err := w.getJSON(ts, "/api/v1/runs", &list); err != nil {
		return "", err
	}
	i := slices.IndexFunc(list.Runs, func(r run.Run) bool { return r.Playbook == args[0] })
	if i < 0 {
		return "", fmt.Errorf("no run of %s", args[0])
	}
	var journal struct{ Events []run.Event }
	if err := w.getJSON(ts, "/api/v1/runs/"+url.PathEscape(list.Runs[i].ID), &journal); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, e := range journal.Events {
		fmt.Fprintf(&b, "%s %s %d", cmp.Or(e.Step, "run"), e.Kind, e.Attempt)
		if !e.RetryAt.IsZero() {
			fmt.Fprintf(&b, " again in %s", e.RetryAt.Sub(e.At).Round(time.Second))
		}
		if e.Outcome != nil {
			fmt.Fprintf(&b, " %s: %s", e.Outcome.Status, e.Outcome.Sentence)
		}
		for _, word := range []string{string(e.Fate), string(e.State), e.Error} {
			if word != "" {
				fmt.Fprintf(&b, " %s", word)
			}
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

func (w *world) getJSON(ts *testscript.TestScript, path string, into any) error {
	status, body, err := w.get(ctxOf(ts), path, "")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%d %s", status, body)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(body), into)
}

// cmdLarge writes a file of so many bytes: of JSON that could be read, if anybody wanted to.
func cmdLarge(ts *testscript.TestScript, _ *world, _ bool, args []string) (string, error) {
	if err := want(args, 2, "a file and a size"); err != nil {
		return "", err
	}
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return "", err
	}
	return "", os.WriteFile(ts.MkAbs(args[0]), append(bytes.Repeat([]byte(" "), size-2), "{}"...), 0o600)
}

var ticked = regexp.MustCompile(`(?m)^firebreak_watch_ticks_total\{result="ok"\} (\d+)`)

// cmdTicks waits for so many more judgements.
func cmdTicks(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if err := want(args, 1, "a number"); err != nil {
		return "", err
	}
	more, err := strconv.Atoi(args[0])
	if err != nil {
		return "", err
	}
	count := func() (int, error) {
		status, body, err := w.get(ctxOf(ts), "/metrics", ts.Getenv("FIREBREAK_TOKEN_IN_USE"))
		if err != nil {
			return 0, err
		}
		match := ticked.FindStringSubmatch(body)
		if match == nil {
			return 0, fmt.Errorf("/metrics (%d) counts no ticks", status)
		}
		return strconv.Atoi(match[1])
	}
	first, err := count()
	if err != nil {
		return "", err
	}
	return "", await(func() error {
		n, err := count()
		if err == nil && n < first+more {
			err = fmt.Errorf("%d of %d ticks", n-first, more)
		}
		return err
	})
}
