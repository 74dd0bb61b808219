package handlers

import (
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// A 404 for what was seen, or created, before is no answer: it is read again.
func TestOne404IsNoAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(b *bench)
		text    string
		says    string
	}{
		"a name that the list shows": {func(b *bench) { b.account.strays = map[int]int{101: 1} }, "info web-1", "web-1"},
		"an ID that we created":      {func(b *bench) { b.created(101); b.account.strays = map[int]int{101: 3} }, "info 101", "web-1"},
		"a name that the list lacks": {func(b *bench) { b.created(101); b.account.unlisted = map[int]bool{101: true} }, "info web-1", "web-1"},
		"a name that neither shows yet": {func(b *bench) {
			b.created(101)
			b.account.unlisted = map[int]bool{101: true}
			b.account.strays = map[int]int{101: 2}
		}, "info web-1", "web-1"},
		"an ID that was never seen":       {func(*bench) {}, "info 999", "No Droplet has the ID `999`"},
		"a list that shows what is gone":  {func(b *bench) { b.account.strays = map[int]int{101: 100} }, "info web-1", "No Droplet is called `web-1`"},
		"and that we have destroyed":      {func(b *bench) { b.destroyed(101) }, "info web-1", "No Droplet is called `web-1`"},
		"a new name that the list lacks":  {func(b *bench) { b.renamed(101, "web-9") }, "info web-9", "web-9"},
		"an old name that the list shows": {func(b *bench) { b.account.listedAs = map[int]string{101: "web-0"}; b.renamed(101, "web-1") }, "info web-0", "No Droplet is called `web-0`"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.account.details = map[int]api.Detail{101: {Droplet: b.account.droplets[0]}}
			tt.prepare(b)
			if got := shown(b.do(b.slash("UALICE", tt.text))); !strings.Contains(got, tt.says) {
				t.Errorf("says %s, want %q", got, tt.says)
			}
			if quick := strings.Contains(name, "never seen") || strings.Contains(name, "we have destroyed"); quick && b.passed != 0 {
				t.Errorf("it was answered after %s", b.passed)
			}
		})
	}
}

func (b *bench) created(id int) {
	b.account.recent = append(b.account.recent, approvals.RecentDroplet{ID: id, Name: "web-1", CreatedAt: noon.Add(-time.Minute)})
}

func (b *bench) destroyed(id int) {
	b.account.recent = append(b.account.recent, approvals.RecentDroplet{ID: id, Name: "web-1", Destroyed: true})
}

func (b *bench) renamed(id int, name string) {
	b.account.droplets[id-101].Name = name
	b.account.unlisted = map[int]bool{id: true}
	b.account.details[id] = api.Detail{Droplet: b.account.droplets[id-101]}
	b.account.recent = append(b.account.recent, approvals.RecentDroplet{ID: id, Name: name})
}

// What the first attempt of a create made is looked at by its ID before it is made again.
func TestRetryOfACreateLooksAtWhatIsThere(t *testing.T) {
	for name, tt := range map[string]struct {
		state approvals.TargetState
		stray int
		says  string
	}{
		"failed, and there":        {approvals.TargetErrored, 0, "Nothing was sent again: the first attempt created `web-1` (ID `101`)"},
		"failed, and hidden":       {approvals.TargetErrored, 4, "Nothing was sent again: the first attempt created `web-1` (ID `101`)"},
		"unknown, and there":       {approvals.TargetUnknown, 0, "Nothing was sent again: the first attempt created `web-1` (ID `101`)"},
		"failed, and really gone":  {approvals.TargetErrored, 1000, ""},
		"unknown, and really gone": {approvals.TargetUnknown, 1000, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := makingBench(t)
			old := b.ended("create new-1"+ofAKind, tt.state)
			old.Targets[0].Made = 101
			b.account.strays = map[int]int{101: tt.stray}
			before := len(b.store.order)
			r := b.do(b.retries("UALICE", old))
			if !strings.HasPrefix(r.Message.Text, tt.says) || (len(b.store.order) > before) != (tt.says == "") {
				t.Errorf("says %q, %d requests made", r.Message.Text, len(b.store.order)-before)
			}
		})
	}
}

// What a list shows to be off already is read by its ID before it is left out.
func TestWhatAListShowsAlreadyIsReadAgain(t *testing.T) {
	b := newBench(t)
	b.account.listedStatus = map[int]string{102: "off"}
	r := b.asks(b.slash("UALICE", "power-off tag:web"))
	if len(r.Targets) != 2 || len(r.LeftOut) != 0 {
		t.Errorf("%d Droplets, left out: %v", len(r.Targets), r.LeftOut)
	}
}

// What is the ID of one and the name of another is asked about.
func TestAnIDThatIsAnothersName(t *testing.T) {
	b := newBench(t)
	b.account.droplets[1].Name = "101"
	if r := b.do(b.slash("UALICE", "reboot 101")); !strings.HasPrefix(r.Message.Text, "2 Droplets") {
		t.Errorf("says %q", r.Message.Text)
	}
}

// Nor does what a list shows of one Droplet stop a command for all of them.
func TestWhatAListShowsInTheWayIsReadAgain(t *testing.T) {
	b := newBench(t)
	b.account.listedStatus = map[int]string{102: "new"}
	if r := b.asks(b.slash("UALICE", "power-off tag:web")); len(r.Targets) != 2 || r.Targets[1].Droplet.Status != "active" {
		t.Errorf("%+v", r.Targets)
	}
}

// Nor is one 404 of what belongs to a Droplet that was just read: it is read again, and is
// told once it persists.
func TestOne404OfAPartIsNoAnswer(t *testing.T) {
	for name, tt := range map[string]struct{ text, part string }{
		"its details": {"info web-1", "detail"},
		"its kernels": {"kernels web-1", "kernels"},
		"its backups": {"backups web-1", "backups"},
		"an image":    {"rebuild web-1 ubuntu-24-04-x64", "image"},
		"its history": {"actions web-1", "past"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.account.details = map[int]api.Detail{101: {Droplet: b.account.droplets[0]}}
			b.account.down[tt.part] = &api.Error{Kind: api.NotFound, Status: 404, What: "read " + tt.part}
			e := b.slash("UALICE", tt.text)
			if r, err := b.Handle(t.Context(), e); api.KindOf(err) != api.NotVisible {
				t.Fatalf("after one 404: %q, %v", shown(r), err)
			}
			delete(b.account.down, tt.part)
			if said := shown(b.do(e)); strings.Contains(said, "no such thing") || strings.Contains(said, "no image") {
				t.Errorf("says %s", said)
			}
			b.account.down[tt.part] = &api.Error{Kind: api.NotFound, Status: 404, What: "read " + tt.part}
			if said := shown(b.do(b.slash("UALICE", tt.text))); !strings.Contains(said, "no such thing") {
				t.Errorf("where it persists, says %s", said)
			}
		})
	}
}

// An ID that was typed and that the list shows was seen before.
func TestATypedIDThatIsListed(t *testing.T) {
	b := newBench(t)
	b.account.strays = map[int]int{101: 2}
	if r := b.asks(b.slash("UALICE", "reboot 101")); len(r.Targets) != 1 || b.passed == 0 {
		t.Errorf("%+v after %s", r.Targets, b.passed)
	}
}
