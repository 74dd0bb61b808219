package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// goneLater are migrations that take something away, with the version that was the
// last to use it: a column is dropped one version after that at the earliest.
var goneLater = map[string]string{}

var (
	adds = regexp.MustCompile(`(?is)^(CREATE TABLE \w+|CREATE INDEX \w+ ON|CREATE UNIQUE INDEX \w+ ON (\w+)|ALTER TABLE \w+ ADD COLUMN (.*)$)`)
	// fills gives a column a first value.
	fills = regexp.MustCompile(`(?i)^UPDATE (\w+) SET (\w+) = [\w.']+( WHERE [^,]*)?$`)
	// risky is what an older version, which knows nothing of the column, would fail at.
	risky = regexp.MustCompile(`(?i)\bUNIQUE\b|\bCHECK\b|\bREFERENCES\b`)
)

// A replica of the version before works beside this one while they are replaced one
// after the other, so a migration only adds: no column that an INSERT must name, no
// rule that an older version does not keep, nothing renamed or taken away.
func TestMigrationsOnlyAdd(t *testing.T) {
	files, err := filepath.Glob("migrations/*/*.sql")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		for _, other := range []string{"sqlite", "postgres"} {
			if _, err := os.Stat(filepath.Join("migrations", other, name)); err != nil {
				t.Errorf("%s: on %s it is not there: both databases have the same versions", file, other)
			}
		}
		text, err := fs.ReadFile(os.DirFS("."), filepath.ToSlash(file))
		if err != nil {
			t.Fatal(err)
		}
		up, down, found := strings.Cut(string(text), "-- +goose Down")
		if !found || len(statements(down)) == 0 {
			t.Errorf("%s: it has no way down", file)
		}
		if goneLater[name] != "" {
			continue
		}
		for _, problem := range takesAway(up) {
			t.Errorf("%s: %s", file, problem)
		}
	}
}

// takesAway says what in the way up an older version could not work with.
func takesAway(up string) (problems []string) {
	created := map[string]bool{}
	for _, statement := range statements(up) {
		words := strings.Fields(statement)
		if len(words) > 2 && strings.EqualFold(words[0]+words[1], "CREATETABLE") {
			created[words[2]] = true
		}
		if len(words) > 5 && strings.EqualFold(words[3]+words[4], "ADDCOLUMN") {
			created[words[2]+"."+words[5]] = true
		}
		if fill := fills.FindStringSubmatch(statement); fill != nil && created[fill[1]+"."+fill[2]] {
			continue // of its own column
		}
		does := adds.FindStringSubmatch(statement)
		switch {
		case does == nil:
			problems = append(problems, "it does more than add: "+statement)
		case does[2] != "" && !created[does[2]]:
			problems = append(problems, "an older version does not keep this rule: "+statement)
		case does[3] != "" && risky.MatchString(does[3]):
			problems = append(problems, "an older version does not keep this rule: "+statement)
		case does[3] != "" && strings.Contains(strings.ToUpper(does[3]), "NOT NULL") && !strings.Contains(strings.ToUpper(does[3]), "DEFAULT"):
			problems = append(problems, "an older version's INSERT does not name it, and it has no default: "+statement)
		}
	}
	return problems
}

func statements(text string) (out []string) {
	var kept []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "--")
		kept = append(kept, line)
	}
	for s := range strings.SplitSeq(strings.Join(kept, "\n"), ";") {
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func TestWhatTakesAwayIsFound(t *testing.T) {
	for statement, fine := range map[string]bool{
		`ALTER TABLE requests ADD COLUMN freezing TEXT;`:                                                                true,
		`ALTER TABLE requests ADD COLUMN freezing TEXT NOT NULL DEFAULT '';`:                                            true,
		`CREATE TABLE reviews (id TEXT PRIMARY KEY, at BIGINT NOT NULL UNIQUE);`:                                        true,
		`CREATE TABLE reviews (id TEXT); CREATE UNIQUE INDEX reviews_id ON reviews (id);`:                               true,
		`CREATE INDEX requests_at ON requests (created_at); -- DROP TABLE requests;`:                                    true,
		`ALTER TABLE requests ADD COLUMN since BIGINT; UPDATE requests SET since = posting_at WHERE state = 'pending';`: true,
		`ALTER TABLE requests ADD COLUMN since BIGINT; UPDATE requests SET since = 1, state = 'x';`:                     false,
		`ALTER TABLE requests ADD COLUMN freezing TEXT NOT NULL;`:                                                       false,
		`ALTER TABLE requests ADD COLUMN freezing TEXT UNIQUE;`:                                                         false,
		`ALTER TABLE requests DROP COLUMN body;`:                                                                        false,
		`ALTER TABLE requests RENAME TO asked;`:                                                                         false,
		`ALTER TABLE requests ALTER COLUMN body SET NOT NULL;`:                                                          false,
		`DROP TABLE turns;`:         false,
		`DROP INDEX notes_request;`: false,
		`UPDATE requests SET state = 'waiting' WHERE state = 'pending';`:                                     false,
		`CREATE UNIQUE INDEX targets_droplet_once ON targets (droplet_id);`:                                  false,
		`CREATE TABLE a (x TEXT); ALTER TABLE requests ADD COLUMN y TEXT; ALTER TABLE notes DROP COLUMN ts;`: false,
	} {
		if problems := takesAway(statement); (len(problems) == 0) != fine {
			t.Errorf("%s: %v", statement, problems)
		}
	}
}
