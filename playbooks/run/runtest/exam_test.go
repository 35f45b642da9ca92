package runtest_test

import (
	"testing"

	"github.com/firebreak-dev/firebreak/playbooks/run"
	"github.com/firebreak-dev/firebreak/playbooks/run/runtest"
)

func TestMemoryPassesTheExam(t *testing.T) {
	runtest.Exam(t, func(*testing.T) run.Journal { return runtest.NewMemory() })
}
