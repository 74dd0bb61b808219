package store_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
)

// restoring are the statements of docs/OPERATIONS.md for a restored database.
func restoring(t *testing.T, b *bench) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(doc), "```sql\n")
	if len(blocks) < 3 {
		t.Fatalf("%d blocks of SQL, want SQLite's and PostgreSQL's first", len(blocks)-1)
	}
	if b.Exclusive() {
		return strings.Split(blocks[1], "```")[0]
	}
	return strings.Split(blocks[2], "```")[0]
}

// What a backup takes for not sent may have been sent since. The documented
// statements leave nothing that would be sent, or carried out, unasked.
func TestARestoredDatabaseSendsNothing(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		create(t, b, "r-pending")
		r := request("r-running", "e-running", b.clock.now())
		r.State, r.StartedAt, r.ExpiresAt = approvals.Running, b.clock.now(), time.Time{}
		r.Targets = append(r.Targets, r.Targets[0])
		r.Targets[1].Ordinal, r.Targets[1].State, r.Targets[1].Action = 1, approvals.Following, &approvals.ActionRef{ID: 9}
		if err := b.Create(ctx, r, approvals.Change{}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Put(ctx, approvals.Envelope{Key: "e-1", Type: "slash_commands", Payload: []byte(`{}`), ReceivedAt: b.clock.now()}); err != nil {
			t.Fatal(err)
		}
		for statement := range strings.SplitSeq(strings.TrimSpace(restoring(t, b)), ";\n") {
			if _, err := b.raw(t).ExecContext(ctx, statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		got, err := b.Request(ctx, "r-running")
		if err != nil {
			t.Fatal(err)
		}
		if q := got.Targets[0]; q.State != approvals.Dispatching || !q.DispatchedAt.Equal(r.StartedAt) || q.DispatchedBy == "" || !q.LostAt.IsZero() {
			t.Errorf("what was not sent: %+v", q)
		}
		if f := got.Targets[1]; f.State != approvals.Following || f.Action.ID != 9 {
			t.Errorf("what was under way: %+v", f)
		}
		if left, err := b.Unhandled(ctx, 10); err != nil || len(left) != 0 {
			t.Errorf("unhandled: %v, %v", left, err)
		}
		b.wakes.take()
		if n, err := b.Reawaken(ctx); err != nil || n != 2 {
			t.Errorf("woken up %d, %v", n, err)
		}
		expired, err := b.Update(ctx, "r-pending", func(r *approvals.Request) (approvals.Change, error) { return r.Expire(b.clock.now()) })
		if err != nil || expired.State != approvals.Expired {
			t.Errorf("what waited: %s, %v", expired.State, err)
		}
	})
}
