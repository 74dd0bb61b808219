package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"dropletops/approvals"
)

// kept is a request as the database has it.
type kept struct {
	approvals.Request
	card        approvals.MessageRef
	cardVersion int64
}

// books opens the program's database, with pragmas for SQLite.
func (w *torture) books(pragmas ...string) *sql.DB {
	url := w.env["DATABASE_URL"]
	driver, dsn := "pgx", url
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+file+"?_pragma="+strings.Join(pragmas, "&_pragma=")
		if _, err := os.Stat(file); err != nil {
			return nil
		}
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		w.t.Error(err)
		return nil
	}
	db.SetMaxOpenConns(2)
	return db
}

// toRead keeps what only reads from writing.
var toRead = []string{"busy_timeout(5000)", "query_only(1)"}

// ask reads one number or word for each row; nothing where there are no books yet.
func (w *torture) ask(query string) (out []string) {
	db := w.books(toRead...)
	if db == nil {
		return nil
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil // no tables yet
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if rows.Scan(&s) == nil {
			out = append(out, s)
		}
	}
	return out
}

// open is how many requests are open, or are not shown as they are.
func (w *torture) open() int {
	return len(w.ask(`SELECT id FROM requests WHERE state IN ('pending', 'running') OR card_version < version AND NOT (state = 'canceled' AND card_ts = '')`))
}

// underHand are the IDs of the Droplets that a process which starts now has to go
// on with.
func (w *torture) underHand() map[string]bool {
	ids := map[string]bool{}
	for _, id := range w.ask(`SELECT t.droplet_id FROM targets t JOIN requests r ON r.id = t.request_id
		WHERE r.state = 'running' AND r.card_ts <> '' AND t.droplet_id <> 0 AND t.state IN ('queued', 'dispatching', 'following')`) {
		ids[id] = true
	}
	return ids
}

// inHand is what a replica had in hand when it went away: wake-ups it was working
// on, envelopes it had claimed, and the turn to publish.
type inHand struct {
	instance          string
	wakes, envelopes  []string
	publishes, silent bool
}

// inHandOf reads what a replica has in hand.
func (w *torture) inHandOf(p *replica) *inHand {
	h := &inHand{instance: p.instance()}
	h.silent = h.instance == ""
	if h.silent {
		return h
	}
	h.wakes = w.ask(fmt.Sprintf(`SELECT id::text FROM river_job WHERE kind = 'advance' AND state = 'running'
		AND attempted_by[array_length(attempted_by, 1)] = '%s'`, h.instance))
	h.envelopes = w.ask(fmt.Sprintf(`SELECT key FROM inbox WHERE handled_at IS NULL AND claimed_by = '%s'`, h.instance))
	h.publishes = len(w.ask(fmt.Sprintf(`SELECT owner FROM turns WHERE owner = '%s'`, h.instance))) > 0
	return h
}

// takenOver says whether others have all of it in hand by now, and notes how long
// each kind took.
func (w *torture) takenOver(h *inHand, after time.Duration) bool {
	if h.silent {
		return true
	}
	still := func(kind string, keys []string, query string) (left []string) {
		if len(keys) == 0 {
			return nil
		}
		left = w.ask(fmt.Sprintf(query, "'"+strings.Join(keys, "', '")+"'", h.instance))
		if len(left) < len(keys) {
			w.figures.takeover(kind, after)
		}
		return left
	}
	h.wakes = still("requests", h.wakes, `SELECT j.id::text FROM river_job j JOIN requests r ON r.id = j.args->>'id'
		WHERE j.id IN (%s) AND j.state = 'running' AND j.attempted_by[array_length(j.attempted_by, 1)] = '%s'
		AND r.state IN ('pending', 'running') AND r.wake_seq = (j.args->>'seq')::bigint`)
	h.envelopes = still("envelopes", h.envelopes, `SELECT key FROM inbox WHERE key IN (%s) AND handled_at IS NULL AND claimed_by = '%s'`)
	if h.publishes && len(w.ask(fmt.Sprintf(`SELECT owner FROM turns WHERE owner <> '%s'`, h.instance))) > 0 {
		h.publishes = false
		w.figures.takeover("publishing", after)
	}
	return len(h.wakes) == 0 && len(h.envelopes) == 0 && !h.publishes
}

// notTakenOver notes what nobody has taken over after so long, if that is longer
// than it may take.
func (w *torture) notTakenOver(h *inHand, after time.Duration) {
	if after < takeOver {
		return // the run is over, or the replica came back early
	}
	for kind, left := range map[string]bool{"requests": len(h.wakes) > 0, "envelopes": len(h.envelopes) > 0, "publishing": h.publishes} {
		if left {
			w.figures.takeover(kind, after)
		}
	}
}

// unsettled is what is still to come, by what it is; empty when nothing is.
func (w *torture) unsettled() string {
	var left []string
	for what, query := range map[string]string{
		"open requests":             `SELECT id || ' ' || state FROM requests WHERE state IN ('pending', 'running')`,
		"unhandled envelopes":       `SELECT key FROM inbox WHERE handled_at IS NULL`,
		"cards that lag behind":     `SELECT id || ' ' || state FROM requests WHERE card_version < version AND NOT (state = 'canceled' AND card_ts = '')`,
		"notes that are not posted": `SELECT r.id || ' ' || r.state FROM notes n JOIN requests r ON r.id = n.request_id WHERE n.ts = '' AND NOT (r.state = 'canceled' AND r.card_ts = '')`,
	} {
		if rows := w.ask(query); len(rows) > 0 {
			left = append(left, fmt.Sprintf("%d %s: %s", len(rows), what, strings.Join(rows[:min(len(rows), 12)], ", ")))
		}
	}
	if w.ask(`SELECT 1`) == nil {
		left = append(left, "the database can't be read")
	}
	return strings.Join(left, "\n")
}

// settle waits until nothing is open, which everything must come to: what waits
// for a decision expires, and what can't be told is unknown after a minute.
func (w *torture) settle() {
	began := time.Now()
	longest := 8*time.Minute + w.length/10
	ctx, cancel := context.WithTimeout(w.t.Context(), longest)
	defer cancel()
	var said time.Duration
	for calm := 0; calm < 2; {
		if !pause(ctx, time.Second) {
			w.t.Errorf("%s after everything was healed there still are\n%s", longest, w.unsettled())
			return
		}
		left := w.unsettled()
		if calm++; left != "" {
			calm = 0
		}
		if since := time.Since(began); since > said+30*time.Second {
			said = since
			fmt.Printf("torture %s, %s after everything was healed:\n%s\n", w.t.Name(), since.Round(time.Second), left)
		}
	}
	w.figures.settled = time.Since(began)
}

// requests are all there are.
func (w *torture) requests() []*kept {
	db := w.books(toRead...)
	defer db.Close()
	rows, err := db.QueryContext(w.t.Context(), `SELECT id, version, state, body, card_channel, card_ts, card_version FROM requests ORDER BY created_at`)
	w.must(err)
	defer rows.Close()
	var out []*kept
	byID := map[string]*kept{}
	for rows.Next() {
		k := &kept{}
		var id, state, body string
		var version int64
		w.must(rows.Scan(&id, &version, &state, &body, &k.card.ChannelID, &k.card.TS, &k.cardVersion))
		w.must(json.Unmarshal([]byte(body), &k.Request))
		k.Version, k.State = version, approvals.State(state)
		out, byID[id] = append(out, k), k
	}
	w.must(rows.Err())
	targets, err := db.QueryContext(w.t.Context(), `SELECT request_id, body FROM targets ORDER BY request_id, ordinal`)
	w.must(err)
	defer targets.Close()
	for targets.Next() {
		var id, body string
		var t approvals.Target
		w.must(targets.Scan(&id, &body))
		w.must(json.Unmarshal([]byte(body), &t))
		byID[id].Targets = append(byID[id].Targets, t)
	}
	w.must(targets.Err())
	return out
}
