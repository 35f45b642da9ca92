package main

import (
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var updateStories = flag.Bool("update", false, "write what was posted and printed into the stories as what is expected")

// TestStories runs the program as its users do, one text file a story: testdata/stories/NNNN_name.txtar. A story is a script and
// the files that it needs: the configuration, what the service did, webhook bodies, and what Slack, PagerDuty and GitHub are
// expected to have received. Beside testscript's own commands (exec, stdout, cmp, ...) a story has these:
//
//	clock START SPEED         the story begins at a time, as '2026-11-20 16:40' in Berlin, and runs so many times as fast as life
//	traffic FILE              what Prometheus counts from now on: a table of series and their increase in a second
//	start-bot [FLAG...]       run firebreak in the background with firebreak.yaml and wait until it is ready
//	stop-bot | kill-bot       SIGTERM, which it must answer within ten seconds | kill -9
//	reload-bot                SIGHUP
//	[!] get PATH [TOKEN]      what the bot answers; with ! it must refuse
//	bot-log                   what the bot has logged so far
//	[!] webhook EVENT FILE    send a delivery of GitHub's; -id GUID, -sign right|wrong|sha1|none
//	github VERB ...           pull FILE | merge N WHO | deploy N [STATE]: what people and pipelines do there
//	press WHO LABEL           press a button of the newest card in Slack
//	form WHO VERB WORDS ...   send WORDS FIELD=VALUE... | choose WORDS FIELD OPTION: the newest form in Slack that shows the words
//	chat WHO VERB ...         write CHANNEL TEXT [THREAD] | mark EMOJI WORDS | shortcut WORDS | home; "- channel NAME archived"
//	views                     the forms and pages that stand in Slack now
//	fault VENDOR MODE         let a stand-in misbehave, as wire.Fault knows it; name=value for its other fields
//	pagerduty VERB ...        raise TITLE KEY | ACT KEY [WHO [OBJECT]]: what other tools and people do there
//	posts VENDOR              what slack (slack-threads: below its cards), pagerduty (pagerduty-notes: its incidents) or github has received, with times, numbers and names of this run replaced
//	exits CODE PROGRAM ...    run a program that must end with this code
//	[!] valid SCHEMA FILE...  hold YAML files against a JSON Schema
//	disk VERB DIR             mount DIR SIZE | fill DIR | free DIR: a small disk, where [mount] holds
//	run PLAYBOOK              what happened in its newest run
//	wait-for REGEXP COMMAND   repeat get, bot-log, posts, run or exec until the output matches, for at most patience
//	capture NAME REGEXP       keep what the group matched in the last output as an environment variable
//	large FILE SIZE           write a file of so many bytes
//	ticks N                   wait until the bot has judged so many more times
//
// $REPO is the checkout. Environment variables hold the addresses and secrets of the stand-ins, so that firebreak.yaml is one as operators write it.
// -update rewrites what cmp compares.
func TestStories(t *testing.T) {
	deadline, bounded := t.Deadline()
	if !bounded {
		deadline = time.Now().Add(20 * time.Minute)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "stories"),
		Setup:               setUpStory,
		Cmds:                storyCommands(),
		Condition:           storyCondition,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *updateStories,
		Deadline:            deadline,
	})
}

// patience is how long a story waits for something that should happen soon. Nothing waits longer than it has to.
const patience = 90 * time.Second
