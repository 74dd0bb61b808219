package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dropletops/internal/scratch"
)

// granting are the statements of docs/OPERATIONS.md for a role that can't rewrite the
// audit log.
func granting(t *testing.T, role string) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "## A role that cannot rewrite the audit log")
	_, block, found := strings.Cut(section, "```sql\n")
	if !found {
		t.Fatal("docs/OPERATIONS.md has no statements for it")
	}
	block, _, _ = strings.Cut(block, "```")
	return strings.ReplaceAll(block, "dropletops_bot", role)
}

// TestARoleThatCannotRewriteTheAuditLog: with exactly the documented grants the whole
// program works, and an audit line can neither be changed nor removed.
func TestARoleThatCannotRewriteTheAuditLog(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	owner := scratch.PostgreSQL(t)
	conn, err := pgx.Connect(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	role := fmt.Sprintf("dropletops_e2e_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := conn.Exec(ctx, "CREATE ROLE "+role+" LOGIN"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if _, err := conn.Exec(ctx, "DROP OWNED BY "+role+"; DROP ROLE "+role); err != nil {
			t.Error(err)
		}
		if err := conn.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(owner)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	if _, err := conn.Exec(ctx, "REVOKE CREATE ON SCHEMA public FROM PUBLIC"); err != nil {
		t.Fatal(err)
	}

	r.env["DATABASE_URL"] = u.String()
	r.launch("serve")
	if code := r.exit(); code != exitFail || !strings.Contains(r.proc.out.String(), "dropletops migrate") {
		t.Errorf("on a database without tables: exit code %d:\n%s", code, r.proc.out.String())
	}
	r.env["DATABASE_URL"] = owner
	for _, says := range []string{"were at version 0", "already"} {
		if res := r.run("migrate"); res.code != exitDone || !strings.Contains(res.stdout, says) {
			t.Fatalf("migrate: exit code %d: %s%s", res.code, res.stdout, res.stderr)
		}
	}
	if _, err := conn.Exec(ctx, granting(t, role)); err != nil {
		t.Fatal(err)
	}

	r.env["DATABASE_URL"] = u.String()
	r.start()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.nthCard(0, "completed")
	r.slash("alice", "#ops", "/droplet rebuild web-2 ubuntu-24-04-x64")
	card := r.nthCard(1, "pending")
	r.placed(card)
	r.kill() // what a dead process left is taken up with the same grants
	r.start()
	r.click("bob", card, "approve")
	r.nthCard(1, "completed")
	r.stopped()
	if _, log, _ := strings.Cut(r.proc.out.String(), "started again"); strings.Contains(log, "permission denied for") {
		t.Errorf("something was not granted:\n%s", r.proc.out.String())
	}

	bot, err := pgx.Connect(ctx, u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer bot.Close(context.WithoutCancel(ctx))
	for _, statement := range []string{
		"UPDATE audit SET body = '{}' WHERE seq = 1", "UPDATE audit SET hash = ''", "DELETE FROM audit", "TRUNCATE audit",
		"DROP TABLE audit", "ALTER TABLE audit RENAME TO old", "CREATE TABLE more (x TEXT)", "SET ROLE postgres",
		"CREATE RULE quiet AS ON INSERT TO audit DO INSTEAD NOTHING", "DELETE FROM goose_db_version", "DELETE FROM policies", "UPDATE policies SET body = ''", "DELETE FROM river_migration",
	} {
		if _, err := bot.Exec(ctx, statement); err == nil {
			t.Errorf("the bot's role may: %s", statement)
		}
	}
	for _, args := range [][]string{{"audit", "verify"}, {"audit", "export"}, {"check"}} {
		if res := r.run(args...); res.code != exitDone {
			t.Errorf("%v: exit code %d: %s%s", args, res.code, res.stdout, res.stderr)
		}
	}
}
