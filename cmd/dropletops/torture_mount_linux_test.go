package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"
)

// ownDisk puts the database on a file system of its own, where that is allowed.
func (w *torture) ownDisk() {
	dir := w.t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512m"); err != nil {
		fmt.Printf("torture: the disk is never full or read-only: that takes the right to mount one: %v\n", err)
		return
	}
	w.t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			w.t.Error(err)
		}
	})
	w.disk.dir = dir
	w.env["DATABASE_URL"] = "sqlite:" + filepath.Join(dir, "test.db")
}

// fill fills the disk to the last byte.
func (w *torture) fill() (heal func()) {
	return illnesses["full"](&diskful{rig: w.rig, dir: w.disk.dir})
}

// readOnly has the disk take no writes, or take them again. It can't be turned
// while someone has a file open to write.
func (w *torture) readOnly(on bool) bool {
	var flags uintptr = syscall.MS_REMOUNT
	if on {
		flags |= syscall.MS_RDONLY
	}
	for range 300 {
		err := syscall.Mount("", w.disk.dir, "", flags, "")
		if err == nil {
			return true
		}
		if !errors.Is(err, syscall.EBUSY) {
			w.t.Error(err)
			return false
		}
		time.Sleep(5 * time.Millisecond) // nothing tells when a look into the books is over
	}
	return false
}
