package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"dropletops/internal/store"
)

// databaseURL is DATABASE_URL for commands that need nothing else of the
// environment.
func (p program) databaseURL() string {
	url := "sqlite:dropletops.db"
	for _, kv := range p.environ {
		if v, ok := strings.CutPrefix(kv, "DATABASE_URL="); ok && v != "" {
			url = v
		}
	}
	return url
}

// thereIs says if a file of SQLite's is not there: opening it would make an empty
// one, and find nothing wrong with it.
func thereIs(url string) error {
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok {
		if _, err := os.Stat(file); err != nil {
			return failure{fmt.Errorf("DATABASE_URL: there is no database %s here", file)}
		}
	}
	return nil
}

// openStore opens the database that the environment names, for a command beside
// serve that writes to it.
func (p program) openStore(ctx context.Context, process string) (*store.Store, error) {
	url := p.databaseURL()
	if err := thereIs(url); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, url, process, time.Now)
	if err != nil {
		return nil, failure{fmt.Errorf("DATABASE_URL: %w", err)}
	}
	return s, nil
}
