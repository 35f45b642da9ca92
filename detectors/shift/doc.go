// Package shift tells when a series is not what it used to be.
package shift
