package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// newTerminal makes a pseudoterminal; what is written to the second shows at the first.
func newTerminal(t *testing.T) (control, terminal *os.File) {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("skipped: there is no terminal to be had: %v", err)
	}
	t.Cleanup(func() { _ = control.Close() })
	var unlocked, number int32
	for request, arg := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlocked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, control.Fd(), request, uintptr(unsafe.Pointer(arg))); errno != 0 {
			t.Fatal(errno)
		}
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("skipped: there is no terminal to be had: %v", err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return control, terminal
}

// TestExportIsSafeOnATerminal: what someone typed does nothing to the terminal of whoever
// reads the audit log, nor in CSV; in a file JSON Lines have it as it was written.
func TestExportIsSafeOnATerminal(t *testing.T) {
	const typed = "red \u009b31m \u202etxet"
	r := newRig(t).start()
	r.slash("alice", "#ops", `/droplet reboot web-1 --reason "fine"`)
	r.card("completed")
	r.stopped()
	db := r.openDatabase()
	defer db.Close()
	// As an older version, or another program, may have written it.
	if _, err := db.ExecContext(t.Context(), `UPDATE audit SET body = replace(body, 'fine', ?)`, typed); err != nil {
		t.Fatal(err)
	}
	if res := r.run("audit", "export"); strings.Count(res.stdout, typed) == 0 {
		t.Errorf("JSON Lines in a pipe do not have it as it is:\n%s", res.stdout)
	}
	const escaped = `red \u009b31m \u202etxet`
	inCSV := r.run("audit", "export", "--format", "csv")
	if rows, err := csv.NewReader(strings.NewReader(inCSV.stdout)).ReadAll(); err != nil || len(rows) < 2 || strings.Contains(inCSV.stdout, typed) || !strings.Contains(inCSV.stdout, escaped) {
		t.Errorf("CSV has it as it is, %v:\n%s", err, inCSV.stdout)
	}
	control, terminal := newTerminal(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], "audit", "export")
	for k, v := range r.env {
		c.Env = append(c.Env, k+"="+v)
	}
	c.Stdout = terminal
	shown := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(control) // EIO once nobody has the terminal open
		shown <- b
	}()
	_ = c.Run() // 1: the lines do not fit their hashes any more
	_ = terminal.Close()
	if got := <-shown; bytes.Contains(got, []byte(typed)) || !bytes.Contains(got, []byte(escaped)) {
		t.Errorf("on a terminal:\n%q", got)
	}
}
