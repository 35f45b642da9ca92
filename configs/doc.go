// Package configs reads configuration and playbooks: strict YAML that knows where everything stands.
//
// It answers: what does this file say, and what is wrong with it, all of it, where, and what would mend it? Load walks the
// file against a Go type and reports every unknown or doubled key, every wrong type, every bad duration and every secret that
// is written in clear, as file:line:col with the source line. The owners' own checks report by field path to a diag.Report;
// Document.Resolve finds where each path stands, down to a byte inside a quoted or folded query. Schema prints the same
// types as a JSON Schema for editors.
//
// It never guesses: a word that is not known is refused, with the nearest known one. It never expands anchors, aliases, merge
// keys or tags, so a small file stays small. It never decides what a value means; that is its owner's Check. It never shows a
// secret: a line that holds one in clear is masked in every diagnostic.
//
// It is blind inside a section with a syntax error; the other sections are still read, but not checked by their owners, since
// much of what they refer to may be missing.
package configs
