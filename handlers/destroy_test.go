package handlers

import (
	"fmt"
	"strings"
	"testing"

	"dropletops/api"
	"dropletops/approvals"
)

// What is to go with a Droplet is looked up, named by its IDs, and bound.
func TestDestroyWith(t *testing.T) {
	b := newBench(t)
	b.account.belongs = map[int][]api.Associated{
		101: {{Kind: "volumes", ID: "v1", Words: "volume data, $20.00 a month"}, {Kind: "snapshots", ID: "9", Words: "snapshot old, $1.00 a month"}},
		102: {{Kind: "snapshots", ID: "9", Words: "snapshot old, $1.00 a month"}},
	}
	for i := range 21 {
		b.account.belongs[103] = append(b.account.belongs[103], api.Associated{Kind: "volumes", ID: fmt.Sprint(i)})
	}
	r := b.asks(b.slash("UALICE", "destroy web-1 --with volumes"))
	if r.State != approvals.Pending || len(r.Leaves.Goes) != 1 || r.Leaves.Goes[0].ID != "v1" || len(r.Leaves.Items) != 1 || r.Action.Args["with"] != "volumes" {
		t.Errorf("%+v, %+v", r.Action, r.Leaves)
	}
	plainly := b.asks(b.slash("UALICE", "destroy web-1"))
	if len(plainly.Leaves.Goes) != 0 || plainly.Digest() == r.Digest() {
		t.Errorf("%+v", plainly.Leaves)
	}
	for text, says := range map[string]string{
		"destroy web-2 --with volumes":   "`web-2` has nothing of `volumes` that could go with it",
		"destroy web-3 --with volumes":   "21 things would go with `web-3`, and a card shows 20",
		"destroy tag:web --with volumes": "one of them at a time",
		"destroy web-1 --with disks":     "volumes, volume_snapshots, snapshots, reserved_ips",
	} {
		if got := b.do(b.slash("UALICE", text)).Message.Text; !strings.Contains(got, says) {
			t.Errorf("%s: said %q", text, got)
		}
	}
	b.account.down["associated"] = &api.Error{Kind: api.Forbidden, What: "list what belongs to it"}
	if got := b.do(b.slash("UALICE", "destroy web-1 --with volumes")).Message.Text; got == "" {
		t.Error("what can't be read is taken along")
	}
	if n := len(b.store.order); n != 2 {
		t.Errorf("%d requests were made", n)
	}
}
