// Package cases is the file format of incidents with their right answers: JSON, one case a line.
//
// It answers: what would the bot have known of a case, as nouns? benchsuspects ranks such cases, and bot/suspect/learn learns from
// them. It opens no file, and tells nobody the right answer but in Truth.
//
// It is blind to what the format leaves out: paths, reverts, titles, and services beyond what the incident's own depends on.
package cases
