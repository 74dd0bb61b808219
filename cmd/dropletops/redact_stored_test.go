package main

import (
	"fmt"
	"strings"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

// What stands in a script, behind a flag that is not known, or in what people say to the
// bot besides commands is stored nowhere once it was answered: not in the audit log, not in
// any table, not in the log. Words that a page of an answer needs are kept.
func TestNoSecretIsStored(t *testing.T) {
	r := newRig(t)
	r.must(r.slack.Invite("#ops", "guest"))
	r.start()
	o := r.channel("#ops")
	const secret = "hunter2"
	says := 0
	for _, words := range []string{
		"create new-1 --user\u00ad-data \"PASSWORD=" + secret + "\" --region nyc3",
		"create new-1 --user\u200d-data “PASSWORD=" + secret + "”",
		"create new-1 --us\u0435r-data \"PASSWORD=" + secret + "\"",
		"create new-1 --userdata PASSWORD=" + secret + " --region nyc3",
		"create new-1 --cloud-init #!/bin/sh echo " + secret,
		"create new-1 --user-data=\"" + secret + "\" --user-data '" + secret + "'",
		"create new-1 --user-data \"#!/bin/sh echo " + secret,
		"craete new-1 --user-data \"PASSWORD=" + secret + "\"",
		"reboot new-1 --user-data " + secret,
		"create new-1\n--\nuser-data\n" + secret,
		"hey, the root password is " + secret,
	} {
		for _, who := range []string{"guest", "alice"} {
			id := map[string]string{"guest": "U0GUEST", "alice": "U0ALICE"}[who]
			before := r.ephemeralsOf(id)
			o.mention(who, "", words)
			r.wait(who+" to be answered", func(s *simslack.Snapshot) bool { return len(s.EphemeralsFor(id)) > before })
			says++
		}
	}
	o.answer("alice", func() { o.slash("alice", "list") })
	lines := r.audit() // it stops the program, which handles what it has answered
	db := r.openDatabase()
	defer db.Close()
	var open int
	if err := db.QueryRow(`SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL`).Scan(&open); err != nil || open > 0 {
		t.Errorf("%d are not handled, %v", open, err)
	}
	var kept int
	if err := db.QueryRow(`SELECT COUNT(*) FROM inbox WHERE payload LIKE '%list%'`).Scan(&kept); err != nil || kept != 1 {
		t.Errorf("%d answers can be turned: %v", kept, err)
	}
	tables, err := db.Query(`SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	var columns [][2]string
	for tables.Next() {
		var c [2]string
		if err := tables.Scan(&c[0], &c[1]); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	for _, c := range columns {
		var n int
		query := fmt.Sprintf(`SELECT COUNT(*) FROM "%s" WHERE INSTR(CAST("%s" AS TEXT), ?) > 0`, c[0], c[1])
		if err := db.QueryRow(query, secret).Scan(&n); err != nil || n > 0 {
			t.Errorf("%s.%s: %d, %v", c[0], c[1], n, err)
		}
	}
	refused := 0
	for _, l := range lines {
		if l.What == "refused" && l.Who == "U0GUEST" {
			refused++
			text := l.Detail["words"]
			if !strings.Contains(text, "new-1") && !strings.Contains(text, "characters withheld") {
				t.Errorf("the line has no target: %s", text)
			}
		}
	}
	if refused != says/2 || strings.Contains(r.proc.out.String(), secret) {
		t.Errorf("%d refusals of %d; the log has the secret: %v", refused, says/2, strings.Contains(r.proc.out.String(), secret))
	}
	r.honest()
}
