package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a static binary in an empty image has no time zones of its own

	"dropletops/approvals"
)

// Policy is one policy file, valid as a whole. It never changes.
type Policy struct {
	file     string
	text     []byte
	digest   string
	zone     *time.Location
	groups   map[string]approvals.Group
	announce string
	shared   []string // channels where what destroys may be asked for though they are shared
	quiet    *quiet
	rules    []*rule
	trials   []trial
	warnings Problems

	members Members
	builtIn approvals.BuiltIn
}

var _ approvals.Policy = (*Policy)(nil)

// maxFile bounds a policy file, in bytes: 200 rules with a comment each are a
// fifth of it.
const maxFile = 256 << 10

// Load reads a policy file. The error is of reading it, or the [Problems] it has.
func Load(file string) (*Policy, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	text := make([]byte, maxFile+1)
	n, err := io.ReadFull(f, text)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return Parse(file, text[:n])
}

// Parse reads the text of a policy file; the file's name is for its problems,
// which are the error.
func Parse(file string, text []byte) (*Policy, error) {
	r := &reader{file: file}
	p := &Policy{file: file, text: slices.Clone(text), digest: digest(text), zone: time.UTC, groups: map[string]approvals.Group{}}
	if len(text) > maxFile {
		r.wrong(place{1, 1}, fmt.Sprintf("The file is larger than %d KiB.", maxFile>>10), "")
		return nil, r.problems
	}
	clean := strings.ReplaceAll(strings.TrimPrefix(string(text), "\ufeff"), "\r\n", "\n")
	r.source = newSource(clean)
	if top := r.parse([]byte(clean)); top != nil {
		r.top(p, r.mapping(top, "The policy", of(top), "version", "timezone", "groups", "announce", "shared_channels", "quiet", "rules", "tests"))
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	wrong, warnings := r.problems.split()
	if len(wrong) > 0 {
		return nil, r.problems
	}
	p.warnings = warnings
	return p, nil
}

// Fits says whether a text is the one with this digest.
func Fits(text []byte, d string) bool { return digest(text) == d }

// digest is short enough to be read aloud, and is kept with each verdict.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// top reads the file's parts, those first that others refer to.
func (r *reader) top(p *Policy, all map[string]entry) {
	if all == nil {
		return
	}
	if e, ok := all["version"]; !ok {
		r.wrong(place{1, 1}, "The policy has no version.", "begin it with version: 1")
	} else if s, _ := scalar(e.value); s != "1" {
		r.wrong(e.at, "The version must be 1, not "+kindOf(e.value)+".", "")
	}
	if e, ok := all["timezone"]; ok {
		p.zone = r.timezone(e)
	}
	if e, ok := all["groups"]; ok {
		p.groups = r.groups(e)
	}
	if e, ok := all["announce"]; ok {
		if s, ok := r.text(e, "announce"); ok {
			if sentence, hint := channelID(s); sentence != "" {
				r.wrong(e.at, sentence, hint)
			}
			p.announce = s
		}
	}
	if e, ok := all["shared_channels"]; ok {
		p.shared = r.texts(e, "shared_channels", channelID)
	}
	if e, ok := all["quiet"]; ok {
		p.quiet = r.quiet(e, p.zone)
	}
	if e, ok := all["rules"]; ok {
		r.rules(p, e)
	} else {
		r.wrong(place{1, 1}, "The policy has no rules.", "without any, rules: [] leaves everything to the built-in policy")
	}
	if e, ok := all["tests"]; ok {
		p.trials = r.trials(p, e)
	}
}

// timezone reads the name of a time zone.
func (r *reader) timezone(e entry) *time.Location {
	s, ok := r.text(e, "timezone")
	if !ok {
		return time.UTC
	}
	zone, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		r.wrong(e.at, fmt.Sprintf("There is no time zone %q.", s), "a name such as Europe/Berlin, America/New_York or UTC")
		return time.UTC
	}
	return zone
}

// With answers the same policy with whom to ask about memberships, and what is
// said where no rule matches.
func (p *Policy) With(m Members, b approvals.BuiltIn) *Policy {
	q := *p
	q.members, q.builtIn = m, b
	return &q
}

// Warnings are what is valid, and probably not meant.
func (p *Policy) Warnings() Problems { return p.warnings }

// Factor says whether some rule asks for a second factor.
func (p *Policy) Factor() bool {
	return slices.ContainsFunc(p.rules, func(r *rule) bool { return r.factor })
}

// Digest is a fingerprint of the file's content.
func (p *Policy) Digest() string { return p.digest }

// Announce is the channel that is told when someone breaks the glass; empty if
// there is none.
func (p *Policy) Announce() string { return p.announce }

// Groups are the file's groups, by name.
func (p *Policy) Groups() []approvals.Group {
	var out []approvals.Group
	for _, g := range p.groups {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b approvals.Group) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// String says how much there is in it.
func (p *Policy) String() string {
	return fmt.Sprintf("%s, %s, %s (digest %s)", many(len(p.rules), "rule"), many(len(p.groups), "group"), many(len(p.trials), "test"), p.digest)
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
