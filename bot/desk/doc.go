// Package desk carries out what a person asks for in a line of words, and says in plain lines what came of it.
//
// It answers: what does this command do for this person, and what is the person told? It reads the line (package command), looks whether
// the person may, finds the incident that is meant, asks the one who can do it, and writes down who asked for what and what became of it.
// Every transport (Slack's slash commands over HTTP and over a socket, and whatever comes) goes through Do, so that all say the same.
//
// It never knows how an answer is shown or how the person was recognised, and it decides nothing that the engine decides. It is blind to
// what nobody told Firebreak.
package desk
