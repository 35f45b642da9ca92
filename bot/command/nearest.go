package command

import (
	"fmt"
	"strings"
)

// meant names the command that a word is probably a slip of, in the form of a question; "" where none is near.
func meant(word string) string {
	best, least := "", 3
	for _, f := range Forms() {
		head, _, _ := strings.Cut(f.Name, " ")
		d := distance(word, head)
		if strings.HasPrefix(head, word) && len(word) >= 2 {
			d = min(d, 1)
		}
		if d < least && d < len(head) {
			best, least = head, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// farthest bounds the words that are compared: no slip is longer.
const farthest = 32

// distance counts the letters that have to be put in, taken out, changed or swapped with their neighbour.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > farthest || len(y) > farthest {
		return farthest
	}
	d := make([][]int, len(x)+1)
	for i := range d {
		d[i] = make([]int, len(y)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(x)][len(y)]
}
