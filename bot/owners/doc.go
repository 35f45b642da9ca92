// Package owners reads CODEOWNERS files by GitHub's rules and tells who owns a path.
//
// It answers: whom does a path belong to, by which line; and which lines say nothing because they are not understood? The last line
// that matches a path decides, even when it names nobody: then nobody owns the path. Patterns are those of .gitignore without
// negation, ranges ([a-z]) and braces, and they tell upper from lower case.
//
// It never asks anybody: whether an owner exists, may review, or belongs to a team, is for others to know. It is blind to sections
// and approvals counts, which other hosts write into files of this name.
package owners
