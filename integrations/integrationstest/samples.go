package integrationstest

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared returns the path of a file of the shared test material (vendors' own descriptions and samples), which lives beside
// the checkout or where FIREBREAK_SHARED says. Where it is missing the test is skipped; in CI that is a failure.
func Shared(tb testing.TB, elements ...string) string {
	tb.Helper()
	root := os.Getenv("FIREBREAK_SHARED")
	if root == "" {
		root = beside(tb)
	}
	path := filepath.Join(append([]string{root}, elements...)...)
	_, err := os.Stat(path) //nolint:gosec // tests name their files, nobody else does
	if root == "" || err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("the shared test material is missing: set FIREBREAK_SHARED to the folder that holds %s", filepath.Join(elements...))
		}
		tb.Skipf("the shared test material %s is not here; set FIREBREAK_SHARED to run this test", filepath.Join(elements...))
	}
	return path
}

// Read returns the content of a shared file.
func Read(tb testing.TB, elements ...string) []byte {
	tb.Helper()
	content, err := os.ReadFile(Shared(tb, elements...))
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

// beside looks for a folder "shared" next to any folder above the package.
func beside(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if info, err := os.Stat(filepath.Join(dir, "shared", "contracts")); err == nil && info.IsDir() {
			return filepath.Join(dir, "shared")
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}
