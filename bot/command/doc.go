// Package command reads what a person writes to Firebreak in one line, as "ack inc-0123456789abcdef".
//
// It answers: which command is it, with which arguments; if it is none, which one was probably meant; and what is there to ask for? The
// line is text from outside: it is cut into words and read, never executed, and what a person wrote in words of their own stays as it is.
//
// It never tells whether the person may, or whether the incident exists: who carries the command out does (package desk). It is blind to
// languages other than its own few words.
package command
