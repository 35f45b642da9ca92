// Package shift tells when a series is not what it used to be.
package shift

// Name is the detector's one name.
const Name = "shift"
