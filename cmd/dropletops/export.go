package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"dropletops/internal/store"
)

// exporting is what audit export was asked for.
type exporting struct {
	format, since, until, person, request string
	droplet                               int
}

func (p program) auditExport() *cobra.Command {
	var e exporting
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the audit log as JSON Lines or CSV",
		Long: `Write the audit log, or a part of it, to the standard output. The whole chain is
checked on the way. Where a line was changed, removed or reordered, the standard
error says so with the line's number, the line where it shows is written with what is
wrong with it ("broken"), whatever was asked for, and the export goes on; at the end
it exits with 1.

Times are in RFC 3339 (2026-11-21T03:00:00Z), or a date, which is the whole day in
UTC. --droplet gives the Droplet's own lines, and what was asked and decided in
requests for it. --person takes whom a line names: a Slack user ID, which also gives
what operators did about that person's second factor; operator:NAME for what somebody
did on the command line, operator for all that was; dropletops for what nobody did.

Control characters that somebody typed are escaped (\u001b) in CSV, and on a terminal
in JSON Lines as well; in a file or a pipe JSON Lines have each line as it was written.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.export(c, e) },
	}
	c.Flags().StringVar(&e.format, "format", "jsonl", "jsonl or csv")
	c.Flags().StringVar(&e.since, "since", "", "from this time on")
	c.Flags().StringVar(&e.until, "until", "", "before this time; of a date, the day is included")
	c.Flags().IntVar(&e.droplet, "droplet", 0, "about this Droplet, by its ID")
	c.Flags().StringVar(&e.person, "person", "", "by this person: a Slack user ID, operator:NAME, operator or dropletops")
	c.Flags().StringVar(&e.request, "request", "", "of this request, by its ID")
	return c
}

func (p program) export(c *cobra.Command, e exporting) error {
	wanted, err := e.selection()
	if err != nil {
		return usageError{err}
	}
	log, err := p.auditLog(c.Context())
	if err != nil {
		return err
	}
	defer log.Close()
	out := bufio.NewWriterSize(c.OutOrStdout(), 64<<10)
	var lines io.Writer = out
	if isTerminal(c.OutOrStdout()) {
		lines = visibleLines{out}
	}
	write, flush := jsonLines(lines)
	if e.format == "csv" {
		write, flush = csvLines(out)
	}
	picked := wanted.Picker()
	breaks := 0
	err = log.Lines(c.Context(), func(l store.AuditLine, broken error) error {
		if broken != nil {
			breaks++
			fmt.Fprintln(c.ErrOrStderr(), "dropletops: "+visible(broken.Error()))
		}
		if !picked(l) && broken == nil {
			return nil
		}
		return write(l, broken)
	})
	if err := errors.Join(err, flush(), out.Flush()); err != nil {
		return failure{err}
	}
	if breaks > 0 {
		return failure{fmt.Errorf("the audit log was tampered with: %d of the lines that were written are marked as broken", breaks)}
	}
	return nil
}

// writer writes a line of the audit log, with what is wrong with it, nil if nothing is.
type writer func(l store.AuditLine, broken error) error

// named is the form of whom the log names: Slack's user IDs, operators, and where no
// person did something, the bot.
var named = regexp.MustCompile(`^([UW][A-Z0-9]+|operator(:.+)?|dropletops)$`)

func (e exporting) selection() (store.Selection, error) {
	s := store.Selection{Droplet: e.droplet, Who: e.person, Request: e.request}
	since, _, err := moment("--since", e.since)
	if err != nil {
		return s, err
	}
	until, day, err := moment("--until", e.until)
	if err != nil {
		return s, err
	}
	if day {
		until = until.AddDate(0, 0, 1)
	}
	s.Since, s.Until = since, until
	switch {
	case e.format != "jsonl" && e.format != "csv":
		return s, fmt.Errorf("--format is %q: it is jsonl or csv", e.format)
	case e.droplet < 0:
		return s, fmt.Errorf("--droplet is %d: it is a Droplet's ID", e.droplet)
	case e.person != "" && !named.MatchString(e.person):
		return s, fmt.Errorf("--person is %q: it is a Slack user ID such as U024BE7LH, operator:NAME, operator or dropletops", e.person)
	case !since.IsZero() && !until.IsZero() && !since.Before(until):
		return s, fmt.Errorf("--since %s is not before --until %s", e.since, e.until)
	}
	return s, nil
}

// moment reads a time or a date, and says whether it was a date.
func moment(flag, s string) (at time.Time, day bool, err error) {
	if s == "" {
		return at, false, nil
	}
	if at, err = time.Parse(time.DateOnly, s); err == nil {
		return at, true, nil
	}
	if at, err = time.Parse(time.RFC3339, s); err != nil {
		return at, false, fmt.Errorf("%s is %q: it is a date such as 2026-11-21, or a time such as 2026-11-21T03:00:00Z", flag, s)
	}
	return at, false, nil
}

// jsonLines writes each line with its own text as it is, which the hash is over: the
// SHA-256 of prev, seq and that text, with a newline between each two.
func jsonLines(out io.Writer) (write writer, flush func() error) {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return func(l store.AuditLine, broken error) error {
		return enc.Encode(struct {
			Seq    int64  `json:"seq"`
			Line   any    `json:"line"`
			Prev   string `json:"prev"`
			Hash   string `json:"hash"`
			Broken string `json:"broken,omitempty"`
		}{l.Seq, asItIs(l.Body), l.Prev, l.Hash, said(broken)})
	}, func() error { return nil }
}

// asItIs is a line's own text: as JSON, where that writes it character by character,
// else as a text. Who tampered with it need not have cared.
func asItIs(body string) any {
	var b bytes.Buffer
	if json.Compact(&b, []byte(body)) == nil && b.String() == body {
		return json.RawMessage(body)
	}
	return body
}

func said(broken error) string {
	if broken == nil {
		return ""
	}
	return broken.Error()
}

func csvLines(out io.Writer) (write writer, flush func() error) {
	w := csv.NewWriter(out)
	begun := w.Write([]string{"seq", "at", "request_id", "what", "who", "droplet_id", "why", "detail", "hash", "broken"})
	return func(l store.AuditLine, broken error) error {
		detail, err := json.Marshal(l.Line.Detail)
		if err != nil {
			return err
		}
		droplet := ""
		if l.Line.DropletID != 0 {
			droplet = strconv.Itoa(l.Line.DropletID)
		}
		row := []string{strconv.FormatInt(l.Seq, 10), l.Line.At.UTC().Format(time.RFC3339Nano), l.Line.RequestID,
			l.Line.What, l.Line.Who, droplet, l.Line.Why, string(detail), l.Hash, said(broken)}
		for i := range row {
			row[i] = visible(noFormula(row[i]))
		}
		return w.Write(row)
	}, func() error { w.Flush(); return errors.Join(begun, w.Error()) }
}

// noFormula keeps a spreadsheet from running what someone typed in Slack. Some skip
// white space before a formula, and take the wide signs of a Japanese keyboard.
func noFormula(s string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(s, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }))
	if strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + s
	}
	return s
}
