package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"dropletops/internal/store"
)

// Nobody else on the machine reads the audit log or sealed secrets, whatever the
// umask says.
func TestDatabaseIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "test.db"), "p", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	files, err := os.ReadDir(dir)
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s has the mode %o", f.Name(), mode)
		}
	}
}
