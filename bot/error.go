package bot

import (
	"errors"
	"fmt"
	"time"
)

var zero time.Time

// ErrorCode is the machine's word for an error; it is also the value of the metric label "code".
type ErrorCode string

// The codes, and what an HTTP answer makes of them.
const (
	Invalid      ErrorCode = "invalid"      // 400: the input is wrong; the message says how to mend it
	Unauthorized ErrorCode = "unauthorized" // 401
	Forbidden    ErrorCode = "forbidden"    // 403
	NotFound     ErrorCode = "not_found"    // 404
	Conflict     ErrorCode = "conflict"     // 409: it was already decided, or somebody else holds it
	TooLarge     ErrorCode = "too_large"    // 413
	Unavailable  ErrorCode = "unavailable"  // 503: try again later
	Internal     ErrorCode = "internal"     // 500: the detail is in the log
)

// Error is an error for three readers: Code for machines, Message for people, Err for the operator's log.
type Error struct {
	Code    ErrorCode
	Message string
	Err     error
}

// Errorf makes an error whose message people may read.
func Errorf(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Because adds the operator's detail.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Message, e.Err)
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of an error, Internal for one that has none, and "" for nil.
func CodeOf(err error) ErrorCode {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	default:
		return Internal
	}
}

// MessageOf returns the sentence that people may read; an error without one is "internal error", never its detail.
func MessageOf(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Message
	default:
		return "internal error; the log says more"
	}
}
