package changepoint_test

import (
	"testing"

	"github.com/firebreak-dev/firebreak/detectors/changepoint"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/figures"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/recorded"
)

// TestTuringDataSet scores the Turing Change Point Dataset. Binary segmentation with its defaults has .744 and .739 there, "no
// change" .667 and .587.
func TestTuringDataSet(t *testing.T) {
	set, err := figures.LoadTCPD(recorded.Dir(t, "tcpd"))
	if err != nil {
		t.Fatal(err)
	}
	f1, cover := figures.TCPD(set, changepoint.Find)
	t.Logf("F1 %.3f, cover %.3f", f1, cover)
	if f1 < .80 || cover < .78 {
		t.Errorf("F1 %.3f and cover %.3f, want .80 and .78", f1, cover)
	}
}
