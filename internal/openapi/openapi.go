// Package openapi is DigitalOcean's OpenAPI document, for the tests that hold our
// catalogue and the built-in DigitalOcean against it. It reads the copy beside the
// project (../shared/data), never the network, and is part of no program.
package openapi

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// Document is loaded once: under the race detector that takes seconds. Its error
// is fs.ErrNotExist where the file is not on this machine.
var Document = sync.OnceValues(load)

func load() (*openapi3.T, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			return nil, errors.New("no go.mod above the test")
		}
		root = filepath.Dir(root)
	}
	f, err := os.Open(filepath.Join(root, "../shared/data/digitalocean-openapi.bundled.yaml.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("unpack DigitalOcean's OpenAPI document: %w", err)
	}
	data, err := io.ReadAll(plain)
	if err != nil {
		return nil, fmt.Errorf("unpack DigitalOcean's OpenAPI document: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("read DigitalOcean's OpenAPI document: %w", err)
	}
	// A Droplet without backups has "next_backup_window": null, and so has the
	// document's own example of one. Its schema is nullable, but sits in an allOf
	// beside a bare description that is not.
	for _, part := range doc.Components.Schemas["droplet"].Value.Properties["next_backup_window"].Value.AllOf {
		part.Value.Nullable = true
	}
	return doc, nil
}
