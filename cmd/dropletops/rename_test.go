package main

import (
	"strings"
	"testing"
)

// guardedByName is a policy that guards databases by what they are called.
const guardedByName = `version: 1
groups: { dba: { users: [U0BOB, U0CAROL] } }
rules:
  - { name: databases, when: 'glob(droplet.name, "db-*") && action.danger == "destructive"', approve: { count: 2, from: [dba] } }
`

// A rename out of a rule that goes by the name takes the approvals that a rebuild takes;
// any other runs at once.
func TestARenameOutOfARule(t *testing.T) {
	r := newRig(t)
	r.withPolicy(guardedByName)
	db, web := r.droplet("db-7"), r.droplet("box")
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "rename box box-2")
	o.card("completed")
	r.sent(web, "rename")
	o.slash("alice", "rename db-7 db-8")
	o.cardThat("completed", "db-7 is now db-8")
	o.slash("alice", "rename db-8 x-1")
	card := o.cardThat("pending", "approval by 2 members of dba")
	if says := "called x-1, it would take less for "; !strings.Contains(card.Words(), says) {
		t.Errorf("the card lacks %q:\n%s", says, card.Words())
	}
	r.sent(db, "rename")
	o.click("bob", card, "approve")
	o.click("carol", o.cardThat("pending", "1 person has"), "approve")
	o.card("completed")
	r.sent(db, "rename", "rename")
	r.noViolations()
}

// A rename that waits in line is held against the policy that is in force when its turn comes.
func TestARenameInLineOutOfANewRule(t *testing.T) {
	r := newRig(t)
	r.withPolicy("version: 1\nrules: []\n")
	db := r.droplet("db-7")
	free := r.busy(db)
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "rename db-7 x-1")
	o.cardThat("running", "Waits in line")
	r.loads(guardedByName)
	o.cardThat("pending", "approval by 2 members of dba")
	free()
	r.sent(db)
	r.honest()
}
