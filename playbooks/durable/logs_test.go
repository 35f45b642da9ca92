package durable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestAStopIsNoErrorInTheLog(t *testing.T) {
	var said bytes.Buffer
	log := quieter(slog.New(slog.NewTextHandler(&said, nil)))
	log.Error("dequeue", "error", fmt.Errorf("begin: %w", context.Canceled))
	log.Info("launched")
	if said.Len() != 0 {
		t.Errorf("said %s", &said)
	}
	log.Error("dequeue", "error", errors.New("the database is away"))
	if !strings.Contains(said.String(), "level=ERROR msg=dequeue") {
		t.Errorf("kept an error to itself: %s", &said)
	}
}
