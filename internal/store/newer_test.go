package store_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"dropletops/approvals"
	"dropletops/internal/runner"
)

// ahead does to a database what a newer version might: its tables are newer, it
// has written things that this version has never heard of.
func (b *bench) ahead(t *testing.T) {
	t.Helper()
	statements := []string{
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)`,
		`ALTER TABLE requests ADD COLUMN freezing TEXT`,
		`ALTER TABLE requests ADD COLUMN urgency BIGINT NOT NULL DEFAULT 3`,
		`ALTER TABLE targets ADD COLUMN lease TEXT NOT NULL DEFAULT ''`,
		`ALTER TABLE notes ADD COLUMN loud BOOLEAN NOT NULL DEFAULT FALSE`,
		`ALTER TABLE audit ADD COLUMN signature TEXT NOT NULL DEFAULT ''`,
		`ALTER TABLE inbox ADD COLUMN socket TEXT`,
		`ALTER TABLE turns ADD COLUMN since BIGINT`,
		`CREATE TABLE reviews (id TEXT PRIMARY KEY)`,
		`INSERT INTO river_migration (line, version) VALUES ('main', 999)`,
	}
	db := b.raw(t)
	for _, s := range statements {
		if b.Exclusive() {
			s = strings.NewReplacer(" BIGINT", " INTEGER", " BOOLEAN", " INTEGER").Replace(s) // STRICT
		}
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// rewrite changes the JSON in a table as a newer version would have written it.
func (b *bench) rewrite(t *testing.T, table, where string, f func(map[string]any)) {
	t.Helper()
	db := b.raw(t)
	body := map[string]any{}
	if err := json.Unmarshal([]byte(texts(t, db, `SELECT body FROM `+table+` WHERE `+where)[0]), &body); err != nil {
		t.Fatal(err)
	}
	f(body)
	place := "?"
	if !b.Exclusive() {
		place = "$1"
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE `+table+` SET body = `+place+` WHERE `+where, marshal(t, body)); err != nil {
		t.Fatal(err)
	}
}

// While replicas are replaced one after the other, and after going back to the
// version before, this version works on a database of a newer one. What the newer
// one wrote comes through whatever this one changes.
func TestBesideANewerVersion(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		r := request("r-newer", "env-newer", b.clock.now())
		r.Verdict.Count = 2
		r.Targets = append(r.Targets, r.Targets[0])
		r.Targets[1].Ordinal = 1
		if err := b.Create(ctx, r, approvals.Change{Audit: []approvals.Line{{RequestID: "r-newer", What: "requested", Who: "U1"}}}); err != nil {
			t.Fatal(err)
		}
		approve := func(by approvals.Person) error {
			_, err := b.Update(ctx, "r-newer", func(r *approvals.Request) (approvals.Change, error) {
				return r.Decide(approvals.ToApprove, by, b.clock.now())
			})
			return err
		}
		if err := approve(bob); err != nil {
			t.Fatal(err)
		}
		b.ahead(t)
		b.rewrite(t, "requests", "id = 'r-newer'", func(body map[string]any) {
			body["x_window"] = map[string]any{"opens": "now"}
			body["verdict"].(map[string]any)["x_factor"] = "totp"
			body["requester"].(map[string]any)["x_groups"] = []any{"oncall"}
			body["decisions"].([]any)[0].(map[string]any)["x_proof"] = "123"
		})
		b.rewrite(t, "targets", "ordinal = 1", func(body map[string]any) { body["x_lease"] = "x" })
		b.rewrite(t, "notes", "request_id = 'r-newer'", func(body map[string]any) { body["kind"], body["loud"] = "reviewed", true })
		b.reopen(t)

		carol := approvals.Person{Who: approvals.Who{UserID: "U3", TeamID: "T1"}, Standing: approvals.Member}
		if err := approve(carol); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Update(ctx, "r-newer", func(r *approvals.Request) (approvals.Change, error) {
			r.Targets[1].Wait = approvals.WaitRateLimit
			return approvals.Change{Audit: []approvals.Line{{RequestID: "r-newer", What: "poked", Who: "U1"}}}, nil
		}); err != nil {
			t.Fatal(err)
		}
		db := b.raw(t)
		body := texts(t, db, `SELECT body FROM requests WHERE id = 'r-newer'`)[0] + texts(t, db, `SELECT body FROM targets WHERE ordinal = 1`)[0]
		for _, kept := range []string{`"x_window":{"opens":"now"}`, `"x_factor":"totp"`, `"x_groups":["oncall"]`, `"x_proof":"123"`, `"x_lease":"x"`, `"wait":"rate_limit"`, `"U3"`} {
			if !strings.Contains(body, kept) {
				t.Errorf("%s did not come through: %s", kept, body)
			}
		}
		p, err := b.Publication(ctx, "r-newer")
		if err != nil || len(p.Notes) < 2 || p.Notes[0].Kind != "reviewed" {
			t.Errorf("notes: %+v, %v", p, err)
		}
		if p.Request.State != approvals.Running || len(p.Request.Approvals()) != 2 {
			t.Errorf("the request: %+v", p.Request)
		}
		everything(t, b)
		auditLines(t, b)
		if left, err := b.Unhandled(ctx, 10); err != nil || len(left) != 0 {
			t.Errorf("unhandled: %v, %v", left, err)
		}
	})
}

// remindArgs is a wake-up that this version knows nothing of.
type remindArgs struct {
	ID string `json:"id"`
}

func (remindArgs) Kind() string { return "remind" }

// A replica of the version before may find wake-ups of a kind that only the next
// one knows. It leaves them to be tried again, and goes on with its own.
func TestWakeUpsOfANewerVersionAreLeft(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		published := make(chan string, 10)
		e, err := runner.NewEngine(runner.EngineConfig{
			Insert: b.InsertDriver(), Work: b.WorkerDriver(), Runner: &runner.Runner{Requests: b.Store, Now: time.Now},
			Kick: func(id string) bool { published <- id; return true }, Reconcile: func(context.Context) error { return nil },
			Instance: "process-1", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		b.SetWaker(e)
		db := b.raw(t)
		newer, err := river.NewClient(b.InsertDriver(), &river.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newer.Insert(ctx, remindArgs{"r-newer"}, nil); err != nil {
			t.Fatal(err)
		}
		if err := e.Start(ctx); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := e.Stop(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
		}()
		create(t, b, "r-newer")
		select {
		case id := <-published:
			if id != "r-newer" {
				t.Errorf("published %s", id)
			}
		case <-time.After(2 * time.Minute):
			t.Error("its own wake-ups are not worked on")
		}
		tried := func() bool {
			return slices.Equal(texts(t, db, `SELECT CAST(attempt > 0 AND state IN ('retryable', 'available', 'scheduled') AS TEXT) FROM river_job WHERE kind = 'remind'`), []string{truth(b)})
		}
		for deadline := time.Now().Add(2 * time.Minute); !tried(); time.Sleep(20 * time.Millisecond) { // River tells nobody
			if time.Now().After(deadline) {
				t.Fatalf("what a newer version is to do: %v", texts(t, db, `SELECT state FROM river_job WHERE kind = 'remind'`))
			}
		}
	})
}

// truth is how a database writes that something is so.
func truth(b *bench) string {
	if b.Exclusive() {
		return "1"
	}
	return "true"
}
