package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
)

var creating = simdo.Match{Method: http.MethodPost, Path: "/v2/droplets"}

// creates are the POSTs of new Droplets that reached DigitalOcean.
func (r *rig) creates() []simdo.Request { return r.do.Requests(simdo.Matching(creating)) }

// named are the Droplets of a name.
func (r *rig) named(name string) (out []simdo.Droplet) {
	for _, d := range r.do.Droplets() {
		if d.Name == name {
			out = append(out, d)
		}
	}
	return out
}

const ofAKind = " --region nyc3 --size s-1vcpu-1gb --image debian-12-x64"

// One Droplet, with every option there is, runs at once; the card says what it costs,
// and then what it is reached by.
func TestCreate(t *testing.T) {
	r := newRig(t)
	r.start()
	o := r.channel("#ops")
	o.slash("alice", `create new-1.example.com`+ofAKind+` --ssh-keys all --plan weekly --weekday TUE --hour 12 --ipv6 --monitoring `+
		`--user-data "#cloud-config hunter2" --tags WEB,fresh --vpc Default-NYC3 --volumes spare --agent on --public-networking on --reason "more load"`)
	card := o.card("completed")
	made := r.named("new-1.example.com")
	if len(made) != 1 || len(r.creates()) != 1 {
		t.Fatalf("%d POSTs made %+v", len(r.creates()), made)
	}
	d := made[0]
	for _, part := range []string{fmt.Sprint("Its ID is ", d.ID), d.Networks.V4[0].IPAddress, "$6.00 a month", "debian-12-x64 (ID", "more load",
		"VPC:* default-nyc3 (" + d.VPCUUID + ")", "Volumes:* spare (7724db7c-e098-11e5-b522-000f53304e51)"} {
		if !strings.Contains(card.Words(), part) {
			t.Errorf("the card lacks %q: %s", part, card.Words())
		}
	}
	post := r.creates()[0]
	var body map[string]any
	r.must(json.Unmarshal(post.Body, &body))
	for k, want := range map[string]string{"name": "new-1.example.com", "region": "nyc3", "size": "s-1vcpu-1gb", "image": fmt.Sprint(d.Image.ID), "ipv6": "true", "monitoring": "true", "backups": "true",
		"backup_policy": "map[hour:12 plan:weekly weekday:TUE]", "user_data": "#cloud-config hunter2", "tags": "[web fresh]", "with_droplet_agent": "true", "public_networking": "true",
		"vpc_uuid": d.VPCUUID,
		"volumes":  "[7724db7c-e098-11e5-b522-000f53304e51]"} {
		got := fmt.Sprint(body[k])
		if f, ok := body[k].(float64); ok {
			got = fmt.Sprint(int(f))
		}
		if got != want {
			t.Errorf("%s is %s, want %s", k, got, want)
		}
	}
	if keys, _ := body["ssh_keys"].([]any); len(keys) == 0 || len(post.UnknownFields) > 0 {
		t.Errorf("SSH keys %v, unknown %v", keys, post.UnknownFields)
	}
	r.honest()
	lines := r.audit()
	for what, holds := range map[string]any{"Slack": r.slack.Snapshot().Messages, "the audit log": lines, "the log": r.proc.out.String()} {
		if wire, err := json.Marshal(holds); err != nil || len(wire) < 100 || strings.Contains(string(wire), "hunter2") { // nobody had to approve it
			t.Errorf("%s has what is in the user data: %s, %v", what, wire, err)
		}
	}
	got := strings.Join(told(lines, idOf(card)), ", ")
	if want := "requested U0ALICE, dispatching dropletops, accepted dropletops, action completed dropletops, done dropletops, request completed dropletops"; got != want {
		t.Errorf("the audit log has %s, want %s", got, want)
	}
}

// Several are confirmed first; what fails is retried alone; what is there is left out.
func TestCreateSeveral(t *testing.T) {
	r := newRig(t)
	had := r.droplet("new-1")
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "create new-1 new-2 new-3"+ofAKind+" --unless-present")
	card := o.card("pending")
	if !hasButtons(card, "confirm", "cancel") || !strings.Contains(card.Words(), fmt.Sprintf("new-1 is there already (Droplet %d in nyc3)", had)) || !strings.Contains(card.Words(), "together $12.00 a month") {
		t.Errorf("%v: %s", card.Actions(), card.Words())
	}
	r.do.Inject(simdo.Fault{Match: creating, Answer: simdo.Refuse(422, "unprocessable_entity", "creating this/these droplet(s) will exceed your droplet limit")})
	o.click("alice", card, "confirm")
	card = o.cardThat("failed", "1 done, 1 failed")
	if !strings.Contains(card.Words(), "ask DigitalOcean for a higher limit") {
		t.Errorf("says %s", card.Words())
	}
	o.click("alice", card, "retry")
	o.card("completed")
	for _, name := range []string{"new-1", "new-2", "new-3"} {
		if n := len(r.named(name)); n != 1 {
			t.Errorf("%d Droplets are called %s", n, name)
		}
	}
	if n := len(r.creates()); n != 3 {
		t.Errorf("%d POSTs", n)
	}
	o.refused("bob", "Nothing is to be created", func() { o.slash("bob", "create new-1 new-3"+ofAKind+" --unless-present") })
	r.honest()
}

// The answer to the POST is lost with the process: the next one finds the Droplet by
// its name, and makes no other.
func TestKillWhileACreateIsSent(t *testing.T) {
	for name, accepted := range map[string]bool{"accepted": true, "not accepted": false} {
		in(t, name, func(r *rig) {
			r.start()
			old := r.droplet("new-1")
			f := r.do.Inject(simdo.Fault{Match: creating, Hang: true, After: accepted})
			r.slash("alice", "#ops", "/droplet create new-1"+ofAKind)
			r.struck(f)
			r.kill()
			r.start()
			want := 1
			if accepted {
				want = 2
				r.threadSays(r.card("completed"), "was lost")
			} else {
				r.threadSays(r.card("running"), "was lost")
				r.kill()
				r.later(70 * time.Second)
				r.start()
				if card := r.card("unknown"); !hasButtons(card, "retry") {
					r.t.Errorf("buttons: %v", card.Actions())
				}
			}
			if len(r.creates()) != 1 || len(r.named("new-1")) != want || len(r.do.Posts(old)) != 0 {
				r.t.Errorf("%d POSTs, %d Droplets", len(r.creates()), len(r.named("new-1")))
			}
			r.noViolations()
		})
	}
}
