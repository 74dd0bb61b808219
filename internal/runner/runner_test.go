package runner_test

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/runner"
	simdo "dropletops/internal/sim/digitalocean"
	"dropletops/internal/store"
)

// world is a runner on a real store and a built-in DigitalOcean, all on one
// clock that only the test moves.
type world struct {
	t      *testing.T
	mu     sync.Mutex
	now    time.Time
	do     *simdo.Server
	store  *store.Store
	client *api.Client
	runner *runner.Runner
	life   int // how often the process was started
	n      int // requests made
}

// asleep makes no wake-ups: the test drives the runner by hand.
type asleep struct{}

func (asleep) WakeAdvance(context.Context, *sql.Tx, string, int64, time.Time) error { return nil }
func (asleep) WakePublish(context.Context, *sql.Tx, string) error                   { return nil }
func (asleep) Rewake(context.Context, *sql.Tx, iter.Seq2[string, int64]) error      { return nil }

func newWorld(t *testing.T) *world { return newWorldWith(t, simdo.Options{StatusLag: 3 * time.Second}) }

func newWorldWith(t *testing.T, o simdo.Options) *world {
	w := &world{t: t, now: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)}
	o.Now = w.clock
	w.do = simdo.New(o)
	if err := w.do.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.do.Close)
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"), "process", w.clock)
	if err != nil {
		t.Fatal(err)
	}
	s.SetWaker(asleep{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.store = s
	w.restart()
	return w
}

// restart is a new process on the same database.
func (w *world) restart() {
	w.life++
	client, err := api.New(api.Config{Token: "dop_v1_test", BaseURL: w.do.URL(), Now: w.clock, Timeout: time.Second, PerMinute: 1 << 20})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(client.Close)
	w.client = client
	w.runner = &runner.Runner{Requests: w.store, Intents: w.store, Started: w.clock(), Droplets: client, Actions: client, Leftover: client, Makers: client, Deciders: deciders(w.store, w.clock), Instance: fmt.Sprint("process-", w.life), Absences: &api.Absences{},
		Now: w.clock, Log: slog.New(slog.DiscardHandler)}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	w.do.Settle()
}

// ask makes a request that may run, with its card in place.
func (w *world) ask(typ string, args api.Args, outcome approvals.Outcome, names ...string) string {
	w.t.Helper()
	w.n++
	a, ok := api.Lookup(typ)
	if !ok {
		w.t.Fatalf("no action %s", typ)
	}
	r := &approvals.Request{ID: fmt.Sprint("r-", w.n), Version: 1, State: approvals.Running,
		Action:    approvals.Action{Type: typ, Args: args, Danger: approvals.Danger(a.Danger(args))},
		Requester: approvals.Person{Who: approvals.Who{UserID: "U1"}, Standing: approvals.Member},
		Origin:    approvals.Origin{ChannelID: "C1", Envelope: fmt.Sprint("e-", w.n)},
		Verdict:   approvals.Verdict{Outcome: outcome, Count: 1, Within: 30 * time.Minute},
		CreatedAt: w.clock(), StartedAt: w.clock()}
	for i, name := range names {
		d, err := w.client.Droplet(w.t.Context(), w.do.DropletNamed(name).ID)
		if err != nil {
			w.t.Fatal(err)
		}
		r.Targets = append(r.Targets, approvals.Target{Ordinal: i, Droplet: approvals.Droplet(d), State: approvals.Queued})
	}
	if p, ok := a.ImageParam(); ok {
		img, err := w.client.Image(w.t.Context(), args[p.Name])
		if err != nil {
			w.t.Fatal(err)
		}
		pinned := approvals.Image(img)
		r.Image = &pinned
	}
	return w.stands(r)
}

// stands writes a request down whose card stands, and answers its ID.
func (w *world) stands(r *approvals.Request) string {
	if err := w.store.Create(w.t.Context(), r, approvals.Change{}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.store.Published(w.t.Context(), r.ID, approvals.MessageRef{ChannelID: "C1", TS: fmt.Sprint("1.", w.n)}, 1); err != nil {
		w.t.Fatal(err)
	}
	return r.ID
}

// once advances a request once.
func (w *world) once(id string) time.Duration {
	w.t.Helper()
	seq, err := w.store.CurrentWake(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	wait, err := w.runner.Advance(w.t.Context(), id, seq)
	if err != nil {
		w.t.Fatal(err)
	}
	return wait
}

// carry advances a request until nothing more is to be done, or until says stop.
func (w *world) carry(id string, until func(*approvals.Request) bool) *approvals.Request {
	w.t.Helper()
	for range 2000 {
		wait := w.once(id)
		r := w.get(id)
		if wait < 0 || until != nil && until(r) {
			return r
		}
		w.forward(wait)
	}
	w.t.Fatalf("request %s does not end: %+v", id, w.get(id).Targets)
	return nil
}

func (w *world) get(id string) *approvals.Request {
	w.t.Helper()
	r, err := w.store.Request(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) notes(id string) string {
	w.t.Helper()
	p, err := w.store.Publication(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, n := range p.Notes {
		out = append(out, string(n.Kind))
	}
	return strings.Join(out, " ")
}

func (w *world) posts() int { return len(w.do.Posts()) }

func want(t *testing.T, r *approvals.Request, state approvals.State, problem string) {
	t.Helper()
	said := r.Note
	for _, tg := range r.Targets {
		said += " " + tg.Problem
	}
	if r.State != state || !strings.Contains(said, problem) {
		t.Errorf("request is %s (%s), want %s with %q", r.State, said, state, problem)
	}
}

func TestRebootToItsEnd(t *testing.T) {
	w := newWorld(t)
	r := w.carry(w.ask("reboot", nil, approvals.Allow, "web-1"), nil)
	want(t, r, approvals.Completed, "")
	if w.posts() != 1 || r.Targets[0].Action == nil || r.Targets[0].After == nil {
		t.Errorf("%d posts, %+v", w.posts(), r.Targets[0])
	}
	if got := w.notes(r.ID); got != "started ended" {
		t.Errorf("notes: %s", got)
	}
}

// A Droplet that still says active when its power-off is completed is not done.
func TestPowerOffIsDoneWhenItIsOff(t *testing.T) {
	w := newWorld(t)
	id := w.ask("power_off", nil, approvals.Allow, "web-1")
	r := w.carry(id, func(r *approvals.Request) bool {
		return r.Targets[0].Action != nil && r.Targets[0].Action.Status == "completed"
	})
	if r.State != approvals.Running || r.Targets[0].Droplet.Status != "active" {
		t.Fatalf("right after DigitalOcean completed it: %s", r.State)
	}
	want(t, w.carry(id, nil), approvals.Completed, "")
}

func TestShutdownThatIsNotHeeded(t *testing.T) {
	w := newWorld(t)
	if err := w.do.IgnoreACPI(w.do.DropletNamed("web-1").ID, true); err != nil {
		t.Fatal(err)
	}
	r := w.carry(w.ask("shutdown", nil, approvals.Allow, "web-1"), nil)
	want(t, r, approvals.Unknown, "does not show it")
	if got := w.notes(r.ID); got != "started settling ended" {
		t.Errorf("notes: %s", got)
	}
}

func TestPendingEventWaitsInLine(t *testing.T) {
	w := newWorld(t)
	other, err := w.do.StartAction(w.do.DropletNamed("web-1").ID, "snapshot")
	if err != nil {
		t.Fatal(err)
	}
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	for range 3 {
		w.forward(w.once(id))
	}
	r := w.get(id)
	if r.State != approvals.Running || r.Targets[0].State != approvals.Queued || r.Targets[0].Wait != approvals.WaitPendingEvent {
		t.Fatalf("while another action runs: %+v", r.Targets[0])
	}
	if got := w.notes(id); got != "waiting" {
		t.Errorf("notes: %s", got)
	}
	if err := w.do.FinishAction(other.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(id, nil), approvals.Completed, "")
}

func TestErrored(t *testing.T) {
	w := newWorld(t)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Action: "reboot"}, Outcome: simdo.Errors})
	want(t, w.carry(w.ask("reboot", nil, approvals.Allow, "web-1"), nil), approvals.Failed, "errored")
}

// The answer to a POST gets lost in every way there is: the action is sent once,
// and found if it was accepted.
func TestLostAnswers(t *testing.T) {
	post := simdo.Match{Method: "POST", Action: "reboot"}
	for name, tt := range map[string]struct {
		fault    simdo.Fault
		accepted bool
	}{
		"cut before it was read":   {simdo.Fault{Match: post, Drop: true}, false},
		"cut after it was taken":   {simdo.Fault{Match: post, Drop: true, After: true}, true},
		"500 before":               {simdo.Fault{Match: post, Answer: simdo.ServerError(500)}, false},
		"500 after it was taken":   {simdo.Fault{Match: post, Answer: simdo.ServerError(500), After: true}, true},
		"503 after it was taken":   {simdo.Fault{Match: post, Answer: simdo.ServerError(503), After: true}, true},
		"empty object":             {simdo.Fault{Match: post, Answer: simdo.EmptyObject(), After: true}, true},
		"empty body":               {simdo.Fault{Match: post, Answer: simdo.EmptyBody(), After: true}, true},
		"empty body, not accepted": {simdo.Fault{Match: post, Answer: simdo.EmptyBody()}, false},
		"truncated":                {simdo.Fault{Match: post, Answer: simdo.Truncated(), After: true}, true},
		"bad JSON":                 {simdo.Fault{Match: post, Answer: simdo.BadJSON(), After: true}, true},
		"no answer in time":        {simdo.Fault{Match: post, Hang: true, After: true}, true},
		"no answer, not accepted":  {simdo.Fault{Match: post, Hang: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.do.Inject(tt.fault)
			r := w.carry(w.ask("reboot", nil, approvals.Allow, "web-1"), nil)
			sent := 0
			for _, q := range w.do.Requests() {
				if q.Method == "POST" {
					sent++
				}
			}
			if sent != 1 {
				t.Errorf("the POST was sent %d times", sent)
			}
			if tt.accepted {
				want(t, r, approvals.Completed, "")
			} else {
				want(t, r, approvals.Unknown, "answer was lost")
			}
		})
	}
}

// An action that someone else starts on the same Droplet at the same time is not
// taken for the lost one if it was there before, or is another request's.
func TestLostIsNotAnothers(t *testing.T) {
	w := newWorld(t)
	first := w.carry(w.ask("reboot", nil, approvals.Allow, "web-1"), nil)
	want(t, first, approvals.Completed, "")
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: "POST", Action: "reboot"}, Drop: true})
	want(t, w.carry(w.ask("reboot", nil, approvals.Allow, "web-1"), nil), approvals.Unknown, "")
	if w.posts() != 1 {
		t.Errorf("%d actions were accepted, want the first one's alone", w.posts())
	}
}

func TestRateLimitedPostIsSentAgain(t *testing.T) {
	w := newWorld(t)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: "POST", Action: "reboot"}, Answer: simdo.Burst429(time.Second), Times: 2})
	start := w.clock()
	r := w.carry(w.ask("reboot", nil, approvals.Allow, "web-1"), nil)
	want(t, r, approvals.Completed, "")
	if w.posts() != 1 || r.Targets[0].DispatchedAt.Sub(start) < 2*time.Second {
		t.Errorf("%d accepted, dispatched after %v", w.posts(), r.Targets[0].DispatchedAt.Sub(start))
	}
}

func TestDriftBeforeActing(t *testing.T) {
	rebuild := func(w *world) string {
		return w.ask("rebuild", api.Args{"image": "debian-12-x64"}, approvals.Approve, "web-1")
	}
	for name, tt := range map[string]struct {
		change func(w *world) error
		state  approvals.State
		says   string
	}{
		"renamed": {func(w *world) error { return w.do.Rename(w.do.DropletNamed("web-1").ID, "db-9") }, approvals.Pending, ""},
		"off":     {func(w *world) error { return w.do.SetStatus(w.do.DropletNamed("web-1").ID, "off") }, approvals.Pending, ""},
		"gone":    {func(w *world) error { return w.do.Destroy(w.do.DropletNamed("web-1").ID) }, approvals.Failed, "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := rebuild(w)
			if err := tt.change(w); err != nil {
				t.Fatal(err)
			}
			r := w.carry(id, at(tt.state))
			want(t, r, tt.state, tt.says)
			if w.posts() != 0 {
				t.Errorf("%d actions were sent", w.posts())
			}
			if tt.state == approvals.Pending && (len(r.Drift) != 1 || r.Round != 1) {
				t.Errorf("drift %v, round %d", r.Drift, r.Round)
			}
		})
	}
}

// at stops at a state, for requests that would otherwise wait for a person.
func at(s approvals.State) func(*approvals.Request) bool {
	return func(r *approvals.Request) bool { return r.State == s }
}

func TestImageGoneBeforeActing(t *testing.T) {
	w := newWorld(t)
	id := w.ask("rebuild", api.Args{"image": "debian-12-x64"}, approvals.Approve, "web-1")
	if err := w.do.DeleteImage(w.get(id).Image.ID); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(id, nil), approvals.Failed, "gone")
	if w.posts() != 0 {
		t.Errorf("%d actions were sent", w.posts())
	}
}

func TestBulk(t *testing.T) {
	w := newWorld(t)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Action: "reboot", DropletID: w.do.DropletNamed("web-2").ID}, Outcome: simdo.Errors})
	r := w.carry(w.ask("reboot", nil, approvals.Confirm, "web-1", "web-2", "web-3"), nil)
	want(t, r, approvals.Failed, "errored")
	for i, s := range []approvals.TargetState{approvals.TargetDone, approvals.TargetErrored, approvals.TargetDone} {
		if r.Targets[i].State != s {
			t.Errorf("%s is %s, want %s", r.Targets[i].Droplet.Name, r.Targets[i].State, s)
		}
	}
	if w.posts() != 3 {
		t.Errorf("%d posts", w.posts())
	}
	if got := w.notes(r.ID); got != "ended ended" && got != "ended" {
		t.Errorf("notes: %s, want that of the failure and that of the end", got)
	}
}

func TestBulkWithOneGoneAsksAnew(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Confirm, "web-1", "web-2")
	if err := w.do.Destroy(w.do.DropletNamed("web-1").ID); err != nil {
		t.Fatal(err)
	}
	r := w.carry(id, at(approvals.Pending))
	if r.State != approvals.Pending || len(r.Targets) != 1 || r.Targets[0].Droplet.Name != "web-2" || w.posts() != 0 {
		t.Errorf("%s, %+v, %d posts", r.State, r.Targets, w.posts())
	}
}

// A process dies with the intent committed: the next one looks, and never sends.
func TestDeathAfterTheIntent(t *testing.T) {
	for name, accepted := range map[string]bool{"before the POST": false, "after the POST": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.ask("reboot", nil, approvals.Allow, "web-1")
			if _, err := w.store.Update(t.Context(), id, func(r *approvals.Request) (approvals.Change, error) {
				return r.Dispatch(0, w.runner.Instance, r.Action.Type, 0, w.clock())
			}); err != nil {
				t.Fatal(err)
			}
			if accepted {
				taken, err := w.do.StartAction(w.do.DropletNamed("web-1").ID, "reboot")
				if err == nil {
					err = w.do.FinishAction(taken.ID, "completed")
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			w.restart()
			r := w.carry(id, nil)
			if accepted {
				want(t, r, approvals.Completed, "")
			} else {
				want(t, r, approvals.Unknown, "lost")
			}
			for _, q := range w.do.Requests() {
				if q.Method == "POST" {
					t.Error("the next process sent a POST")
				}
			}
		})
	}
}

func TestUnreachableWaitsVisibly(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	down := w.do.Inject(simdo.Fault{Match: simdo.Match{Method: "GET"}, Answer: simdo.ServerError(503), Times: simdo.Always})
	w.once(id)
	r := w.get(id)
	if r.State != approvals.Running || r.Targets[0].Wait != approvals.WaitUnreachable {
		t.Fatalf("%s, %+v", r.State, r.Targets[0])
	}
	down.Remove()
	want(t, w.carry(id, nil), approvals.Completed, "")
}

func TestSlowIsSaidOnce(t *testing.T) {
	w := newWorld(t)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Action: "reboot"}, Outcome: simdo.NeverEnds})
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	for range 60 {
		w.forward(max(w.once(id), time.Second))
	}
	if got := w.notes(id); got != "started slow" {
		t.Errorf("notes: %s", got)
	}
	if err := w.do.FinishAction(w.get(id).Targets[0].Action.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(id, nil), approvals.Completed, "")
}

func TestStaleWakeUpDoesNothing(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	if wait, err := w.runner.Advance(t.Context(), id, 0); err != nil || wait >= 0 {
		t.Errorf("a stale wake-up: %v, %v", wait, err)
	}
	if w.posts() != 0 {
		t.Error("a stale wake-up sent an action")
	}
}

func TestExpiryByTheRunner(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Confirm, "web-1")
	if _, err := w.store.Update(t.Context(), id, func(r *approvals.Request) (approvals.Change, error) {
		r.State, r.ExpiresAt = approvals.Pending, w.clock().Add(time.Minute)
		return approvals.Change{}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if wait := w.once(id); wait != time.Minute {
		t.Errorf("early: %v", wait)
	}
	w.forward(time.Minute)
	want(t, w.carry(id, nil), approvals.Expired, "")
}

// What a card says was before is what was there right before acting.
func TestBeforeIsRightBefore(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	web := w.do.DropletNamed("web-1").ID
	if err := w.do.Alter(web, func(d *simdo.Droplet) { d.Tags = []string{"moved"} }); err != nil {
		t.Fatal(err)
	}
	r := w.carry(id, nil)
	if tags := r.Targets[0].Droplet.Tags; len(tags) != 1 || tags[0] != "moved" {
		t.Errorf("before: %v", tags)
	}
}

// A card that is to be decided on anew shows what one could go back to now.
func TestDriftLooksForTheWayBackAnew(t *testing.T) {
	w := newWorld(t)
	id := w.ask("rebuild", api.Args{"image": "debian-12-x64"}, approvals.Approve, "web-1")
	if _, err := w.store.Update(t.Context(), id, func(r *approvals.Request) (approvals.Change, error) {
		r.Rescue = &approvals.Rescue{Known: true}
		return approvals.Change{}, nil
	}); err != nil {
		t.Fatal(err)
	}
	web := w.do.DropletNamed("web-1").ID
	fresh := w.do.AddSnapshot(web, "just-taken", time.Minute)
	if err := w.do.Rename(web, "web-9"); err != nil {
		t.Fatal(err)
	}
	r := w.carry(id, at(approvals.Pending))
	if r.Rescue == nil || r.Rescue.Snapshot == nil || r.Rescue.Snapshot.ID != fresh {
		t.Errorf("rescue after the drift: %+v", r.Rescue)
	}
}

// What could not be begun for long, because we were away, is not begun unawares.
func TestStaleIsNotBegun(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	w.forward(31 * time.Minute)
	want(t, w.carry(id, nil), approvals.Failed, "could not be begun")
	if w.posts() != 0 {
		t.Error("it was sent")
	}
}

// Stop asks the operating system, and cuts the power only if it does not listen.
func TestStop(t *testing.T) {
	for name, tt := range map[string]struct {
		deaf bool
		want string
	}{
		"heeded":     {false, "shutdown"},
		"not heeded": {true, "shutdown power_off"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if err := w.do.IgnoreACPI(w.do.DropletNamed("web-1").ID, tt.deaf); err != nil {
				t.Fatal(err)
			}
			r := w.carry(w.ask("stop", api.Args{"timeout": "60s"}, approvals.Allow, "web-1"), nil)
			want(t, r, approvals.Completed, "")
			var sent []string
			for _, p := range w.do.Posts() {
				sent = append(sent, p.Type)
			}
			if got := strings.Join(sent, " "); got != tt.want {
				t.Errorf("sent: %s, want %s", got, tt.want)
			}
			if took := r.EndedAt.Sub(r.StartedAt); tt.deaf && (took < time.Minute || took > 2*time.Minute) {
				t.Errorf("the power was cut after %v", took)
			}
		})
	}
}

// A process that dies between the two steps of a stop goes on with the second,
// and sends neither twice.
func TestStopGoesOnAfterADeath(t *testing.T) {
	w := newWorld(t)
	if err := w.do.IgnoreACPI(w.do.DropletNamed("web-1").ID, true); err != nil {
		t.Fatal(err)
	}
	id := w.ask("stop", api.Args{"timeout": "60s"}, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Step == 1 })
	w.restart()
	r := w.carry(id, nil)
	want(t, r, approvals.Completed, "")
	if len(w.do.Posts()) != 2 || len(r.Targets[0].Past) != 1 {
		t.Errorf("posts %+v, past %+v", w.do.Posts(), r.Targets[0].Past)
	}
}

// Once the first step was sent, nothing is called off any more, and the Droplet
// that our own step changed is no drift.
func TestStopIsNotCanceledHalfWay(t *testing.T) {
	w := newWorld(t)
	if err := w.do.IgnoreACPI(w.do.DropletNamed("web-1").ID, true); err != nil {
		t.Fatal(err)
	}
	id := w.ask("stop", api.Args{"timeout": "60s"}, approvals.Approve, "web-1")
	r := w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Step == 1 })
	if r.Cancelable() || !r.Sent() {
		t.Errorf("half-way: cancelable %v, sent %v", r.Cancelable(), r.Sent())
	}
	if err := w.do.SetStatus(w.do.DropletNamed("web-1").ID, "off"); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(id, nil), approvals.Completed, "")
	if len(w.do.Posts()) != 1 {
		t.Errorf("posts %+v", w.do.Posts())
	}
}

// A snapshot changes nothing about a Droplet: who switches it off meanwhile makes no
// failure of it.
func TestASnapshotOfOneThatIsSwitchedOffMeanwhile(t *testing.T) {
	w := newWorld(t)
	id := w.ask("snapshot", api.Args{"name": "fresh"}, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
	if err := w.do.SetStatus(w.do.DropletNamed("web-1").ID, "off"); err != nil {
		t.Fatal(err)
	}
	r := w.carry(id, nil)
	want(t, r, approvals.Completed, "")
	if !strings.Contains(r.Targets[0].Result, "The new snapshot is fresh, ID ") {
		t.Errorf("result %q", r.Targets[0].Result)
	}
}
