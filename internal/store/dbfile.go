package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
)

// openFiles are the files of SQLite that this process has open, as they were when it
// opened them. On most systems an open file can be removed or replaced at its path:
// the process then goes on writing to one that nobody else can see, and that is gone
// when the process ends.
type openFiles struct {
	mu   sync.Mutex
	list []openFile
}

type openFile struct {
	path string
	info fs.FileInfo
}

// add remembers the file at a path, which this process has just opened. One that is
// not there is not remembered.
func (o *openFiles) add(paths ...string) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			o.addInfo(path, info)
		}
	}
}

func (o *openFiles) addInfo(path string, info fs.FileInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, openFile{path, info})
}

// ErrFileLost is matched by the error of a database whose file was removed or replaced
// at its path while this process has it open.
var ErrFileLost = errors.New("the database file is lost")

// fileLost names the file, and what happened to it.
type fileLost struct{ path, how string }

func (f fileLost) Error() string {
	return fmt.Sprintf("%s was %s while this process had it open, so nothing more is written to it", f.path, f.how)
}

func (f fileLost) Is(target error) bool { return target == ErrFileLost }

// CheckFile reports an error that matches [ErrFileLost] unless each file of the
// database, its write-ahead log and its lock is still the one that this process has
// open: the same device and inode, where the system has them. It costs one stat for
// each. A path that cannot be looked at for another reason is left to SQLite. On
// PostgreSQL it returns nil.
func (s *Store) CheckFile() error {
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	for _, f := range s.files.list {
		switch info, err := os.Stat(f.path); {
		case errors.Is(err, fs.ErrNotExist):
			return fileLost{f.path, "removed"}
		case err == nil && !os.SameFile(f.info, info):
			return fileLost{f.path, "replaced"}
		}
	}
	return nil
}

// Rescue copies a database whose file is lost into a new file beside it, and returns its
// path: what only this process can still read would be gone when it ends.
func (s *Store) Rescue(ctx context.Context) (path string, err error) {
	path = s.file + ".lost-" + s.now().UTC().Format("20060102T150405Z")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, ownersOnly)
	if err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	leave, err := s.lineUp(ctx)
	if err == nil {
		defer leave()
		_, err = s.write.ExecContext(ctx, "VACUUM INTO ?", path)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("copy the database to %s: %w", path, err), os.Remove(path))
	}
	return path, nil
}

// ownersOnly is the mode of all files of a database: nobody else on the machine may
// read who did what, or sealed secrets.
const ownersOnly fs.FileMode = 0o600

// sqliteFiles are the paths of a database and of what SQLite and this program make
// beside it.
func sqliteFiles(path string) []string {
	return []string{path, path + "-wal", path + "-shm", path + "-journal", path + ".lock"}
}

// ReadableFile returns the first file of the SQLite database that url names to which
// other users of the machine have any right, with its mode; "" if there is none.
func ReadableFile(url string) (path string, mode fs.FileMode) {
	file, ok := strings.CutPrefix(url, "sqlite:")
	if !ok {
		return "", 0
	}
	for _, f := range sqliteFiles(file) {
		if info, err := os.Stat(f); err == nil && info.Mode().Perm()&0o077 != 0 {
			return f, info.Mode().Perm()
		}
	}
	return "", 0
}

// RestrictFiles sets the mode of the SQLite database that url names, and of the files
// beside it, to 0600: a restored backup may have another.
func RestrictFiles(url string) error {
	file, ok := strings.CutPrefix(url, "sqlite:")
	if !ok {
		return nil
	}
	var errs []error
	for _, f := range sqliteFiles(file) {
		if err := os.Chmod(f, ownersOnly); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
