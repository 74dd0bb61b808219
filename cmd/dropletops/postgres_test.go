package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	simdo "dropletops/internal/sim/digitalocean"
)

// postgresURL makes a database for one test. Without a PostgreSQL the test is
// skipped, but not where CI asks for all of them.
func postgresURL(t *testing.T) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES_URL")
	if server == "" {
		server = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	}
	conn, err := pgx.Connect(t.Context(), server)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("PostgreSQL is needed with CI=true: %v", err)
		}
		t.Skip("skipped: no PostgreSQL at TEST_POSTGRES_URL or 127.0.0.1:5432")
	}
	name := fmt.Sprintf("dropletops_e2e_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if _, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// TestOnPostgreSQL is the whole way once more on the other database: a reboot, a
// rebuild with its approval, and a kill -9 in the middle.
func TestOnPostgreSQL(t *testing.T) {
	r := newRig(t)
	r.env["DATABASE_URL"] = postgresURL(t)
	r.start()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.nthCard(0, "completed")
	r.slash("alice", "#incidents", "/droplet rebuild web-2 ubuntu-24-04-x64")
	card := r.nthCard(1, "pending")
	r.placed(card)
	r.do.HoldActions()
	r.kill()
	r.start()
	r.click("bob", card, "approve")
	r.threadSays(r.nthCard(1, "running"), "DigitalOcean has begun")
	r.kill()
	r.goesOn("the action to be looked at again", simdo.Match{Method: http.MethodGet, Path: "/v2/actions/**"})
	r.do.ReleaseActions()
	r.nthCard(1, "completed")
	r.cardCount(2)
	if posts := r.posts(); len(posts) != 2 {
		t.Errorf("%d actions were accepted, want 2: %+v", len(posts), posts)
	}
	if res := r.run("audit", "verify"); res.code != exitDone {
		t.Errorf("audit verify: exit code %d: %s%s", res.code, res.stdout, res.stderr)
	}
	if res := r.run("check"); res.code != exitDone {
		t.Errorf("check: exit code %d: %s%s", res.code, res.stdout, res.stderr)
	}
	r.stopped()
}
