package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// module is one whose code is linked into the program.
type module struct {
	path, version string
	dir           string   // in the module cache
	packages      []string // the folders of its packages that are linked
}

// notice is a file with a license, or with what has to be passed on with the code.
type notice struct{ name, text string }

// linked lists the modules that are linked into the program for Linux, which the image
// is made for, in the order of their paths. It asks the go command, which needs no
// network once their code is in the module cache.
func linked(root string) ([]module, error) {
	found := map[string]*module{}
	for _, arch := range []string{"amd64", "arm64"} {
		c := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}\t{{.Version}}\t{{.Dir}}\t{{$.Dir}}\t{{.Main}}{{end}}", "./cmd/dropletops")
		c.Dir, c.Env = root, append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
		out, err := c.Output()
		if err != nil {
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
			}
			return nil, fmt.Errorf("list what is linked into the program: %w", err)
		}
		for line := range strings.Lines(string(out)) {
			f := strings.Split(strings.TrimSpace(line), "\t")
			if len(f) != 5 || f[4] == "true" {
				continue // of the standard library, or ours
			}
			m := found[f[0]]
			if m == nil {
				m = &module{path: f[0], version: f[1], dir: f[2]}
				found[f[0]] = m
			}
			if !slices.Contains(m.packages, f[3]) {
				m.packages = append(m.packages, f[3])
			}
		}
	}
	var all []module
	for _, m := range found {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return all, nil
}

// noticeFile is how files with licenses and notices are called.
var noticeFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|unlicense)([.-][a-z0-9._-]*)?$`)

// notices reads the files with licenses of a module: those at its root, and in the
// folders between that and the packages that are linked.
func (m module) notices() ([]notice, error) {
	dirs := []string{m.dir}
	for _, p := range m.packages {
		for d := p; len(d) > len(m.dir); d = filepath.Dir(d) {
			if !slices.Contains(dirs, d) {
				dirs = append(dirs, d)
			}
		}
	}
	slices.Sort(dirs)
	var out []notice
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("read the licenses of %s: %w", m.path, err)
		}
		for _, e := range entries {
			if e.IsDir() || !noticeFile.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
				continue
			}
			path := filepath.Join(dir, e.Name())
			text, err := readNotice(path)
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(m.dir, path)
			if err != nil {
				return nil, err
			}
			out = append(out, notice{filepath.ToSlash(name), text})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s %s has no file with a license", m.path, m.version)
	}
	return out, nil
}

// webLink is a link in Markdown.
var webLink = regexp.MustCompile(`\[([^\[\]]*)\]\(https?://[^()]*\)`)

// readNotice reads a text with the line ends of ours, no space behind its lines, and of
// links in Markdown what they are called.
func readNotice(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var lines []string
	for line := range strings.Lines(strings.ToValidUTF8(string(b), "\uFFFD")) {
		lines = append(lines, strings.TrimRight(line, " \t\r\n\f"))
	}
	return webLink.ReplaceAllString(strings.Trim(strings.Join(lines, "\n"), "\n"), "$1"), nil
}

// licenses are words by which a license is told, by its name in SPDX. None may be of a
// license whose terms the program does not keep to.
var licenses = []struct {
	name  string
	words *regexp.Regexp
}{
	{"MPL-2.0", regexp.MustCompile(`Mozilla Public License,? (Version|version|v\.) ?2\.0`)},
	{"Apache-2.0", regexp.MustCompile(`Apache License,? Version 2\.0`)},
	{"BSD-3-Clause", regexp.MustCompile(`Redistribution and use in source and binary forms.*(Neither the name|names? of .* used to endorse or promote)`)},
	{"BSD-2-Clause", regexp.MustCompile(`Redistribution and use in source and binary forms`)},
	{"MIT", regexp.MustCompile(`Permission is hereby granted, free of charge`)},
	{"ISC", regexp.MustCompile(`Permission to use, copy, modify, and(/or)? distribute this software`)},
	{"public domain", regexp.MustCompile(`public domain`)},
}

// licensesOf names all licenses of a module, in the order of licenses.
func licensesOf(all []notice) []string {
	var out []string
	for _, n := range all {
		words := strings.Join(strings.Fields(n.text), " ")
		for _, l := range licenses {
			if l.words.MatchString(words) && !slices.Contains(out, l.name) && !(l.name == "BSD-2-Clause" && slices.Contains(out, "BSD-3-Clause")) {
				out = append(out, l.name)
			}
		}
	}
	return out
}

const ruler = "================================================================================"

// noticesPage is THIRD_PARTY_NOTICES. A text that several modules share is there once.
func noticesPage(root string) ([]byte, error) {
	modules, err := linked(root)
	if err != nil {
		return nil, err
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("ask where Go is: %w", err)
	}
	ofGo, err := readNotice(filepath.Join(strings.TrimSpace(string(goroot)), "LICENSE"))
	if err != nil {
		return nil, err
	}
	var list, texts bytes.Buffer
	in := map[string]string{} // where a text is, by the text
	add := func(title string, all []notice) error {
		names := licensesOf(all)
		if len(names) == 0 {
			return fmt.Errorf("%s has a license that is not known: see whether it may be linked, and add it to notices.go", title)
		}
		fmt.Fprintf(&list, "- %s: %s\n", title, strings.Join(names, ", "))
		fmt.Fprintf(&texts, "\n%s\n%s\nLicense: %s\n", ruler, title, strings.Join(names, ", "))
		if slices.Contains(names, "MPL-2.0") {
			fmt.Fprintf(&texts, "The program holds it unmodified. Its source code is this version of this Go module.\n")
		}
		for _, n := range all {
			if where := in[n.text]; where != "" {
				fmt.Fprintf(&texts, "\n%s: the text is that of %s, above.\n", n.name, where)
				continue
			}
			in[n.text] = n.name + " of " + title
			fmt.Fprintf(&texts, "\n%s:\n\n%s\n", n.name, n.text)
		}
		return nil
	}
	if err := add("Go, its standard library and runtime", []notice{{"LICENSE", ofGo}}); err != nil {
		return nil, err
	}
	for _, m := range modules {
		all, err := m.notices()
		if err != nil {
			return nil, err
		}
		if err := add(m.path+" "+m.version, all); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	b.WriteString(`Third-party notices

The program dropletops, as built for Linux, holds code of the Go modules below. This
file names each with its license and has the licenses' texts. It is generated by
"go generate ." from what is linked into the program. Do not edit.

`)
	b.Write(list.Bytes())
	b.Write(texts.Bytes())
	return b.Bytes(), nil
}
