package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// misplaced are secrets of every kind, none of them one that anybody has.
var misplaced = map[string]string{
	"app-level token": "xapp-1-A0HUNTER-2222-c0ffee00c0ffee", "bot token": "xoxb-1111-2222-HunterTwoHunterTwo",
	"user token": "xoxp-1111-2222-HunterTwoHunterTwo", "configuration token": "xoxe.xoxp-1-HunterTwoHunterTwo",
	"DigitalOcean token": "dop_v1_" + strings.Repeat("5eed", 16), "OAuth token": "doo_v1_" + strings.Repeat("5eed", 16),
	"DigitalOcean token of old": strings.Repeat("5eed", 16), "Spaces key": "DO00HUNTERTWOHUNTERT",
	"second factor's key": "SHVudGVyVHdvSHVudGVyVHdvSHVudGVyVHdvISEhISE=", "password": "postgres://bot:HunterTwo@127.0.0.1:1/x",
}

// secretParts are what must not be printed of each: what comes after the beginning that
// says which kind it is.
var secretParts = []string{"c0ffee00", "HunterTwo", strings.Repeat("5eed", 4), "HUNTERTWO", "SHVudGVy", "Jld25UZXI"}

// invocation runs the program in this process, and returns all that it printed.
func invocation(t *testing.T, env map[string]string, args ...string) (code int, printed string) {
	t.Helper()
	var environ []string
	for k, v := range env {
		environ = append(environ, k+"="+v)
	}
	var out bytes.Buffer
	code = run(t.Context(), args, environ, strings.NewReader(""), &out, &out)
	return code, out.String()
}

// TestMisplacedSecretsAreNotPrinted: a token or key that was put into the wrong variable,
// file or argument shows in nothing that is printed about that.
func TestMisplacedSecretsAreNotPrinted(t *testing.T) {
	dir := t.TempDir()
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintln(w, `{"ok":false,"error":"invalid_auth"}`)
	}))
	t.Cleanup(refuses.Close)
	good := map[string]string{
		"SLACK_APP_TOKEN": "xapp-1", "SLACK_BOT_TOKEN": "xoxb-1", "DIGITALOCEAN_TOKEN": "dop_v1_1",
		"SLACK_API_URL": refuses.URL, "DIGITALOCEAN_API_URL": refuses.URL,
		"DATABASE_URL": "sqlite:" + filepath.Join(dir, "test.db"), "HTTP_ADDR": "", "LOG_LEVEL": "debug",
	}
	with := func(name, value string) map[string]string {
		env := maps.Clone(good)
		env[name] = value
		if token, ok := strings.CutSuffix(name, "_FILE"); ok {
			delete(env, token)
		}
		return env
	}
	files := 0
	file := func(content string) string {
		files++
		path := filepath.Join(dir, "file-"+string(rune('a'+files%26))+".yml")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	try := func(t *testing.T, env map[string]string, args ...string) {
		t.Helper()
		_, printed := invocation(t, env, args...)
		for _, part := range secretParts {
			if strings.Contains(printed, part) {
				t.Errorf("%v prints a secret:\n%s", args, printed)
			}
		}
	}
	variables := []string{"SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", "SLACK_API_URL",
		"DIGITALOCEAN_API_URL", "DATABASE_URL", "POLICY_FILE", "HTTP_ADDR", "LOG_LEVEL", "LOG_FORMAT", "ALLOW_INSECURE_HTTP",
		"SECOND_FACTOR_KEY", "SECOND_FACTOR_KEY_OLD"}
	fileVariables := []string{"SLACK_APP_TOKEN_FILE", "SLACK_BOT_TOKEN_FILE", "DIGITALOCEAN_TOKEN_FILE", "DIGITALOCEAN_ACCESS_TOKEN_FILE",
		"SECOND_FACTOR_KEY_FILE", "SECOND_FACTOR_KEY_OLD_FILE", "POLICY_FILE"}
	for kind, token := range misplaced {
		t.Run(kind, func(t *testing.T) {
			for _, name := range variables {
				env := with(name, token)
				try(t, env, "check")
				try(t, env, "policy", "check")
				if _, err := loadConfig(environOf(env)); err != nil { // else it would serve
					try(t, env, "serve")
				}
				try(t, env, "audit", "verify")
			}
			host := strings.TrimPrefix(refuses.URL, "http://")
			for _, address := range []string{"http://" + token + "/", "ftp://" + token, "http://u:" + token + "@" + host + "/", refuses.URL + "/" + token, refuses.URL + "/?" + token} {
				try(t, with("SLACK_API_URL", address), "check")
				try(t, with("DIGITALOCEAN_API_URL", address), "check")
			}
			try(t, with("DATABASE_URL", "sqlite:"+dir+"/"+token+"/"+token), "check")
			try(t, with("DATABASE_URL", "sqlite:"+dir+"/"+token+"/"+token), "audit", "verify")
			try(t, with("DATABASE_URL", "postgres://"+token), "check")
			try(t, with("DATABASE_URL", "postgres://bot:"+token+"@127.0.0.1:1/x?sslmode="+token), "check")
			contents := []string{token, token + "\n", "SLACK_BOT_TOKEN=" + token + "\nX=" + token + "\n", "token: " + token + "\n", "- " + token + "\n",
				"version: 1\nrules:\n  - " + token + "\n", "version: " + token + "\nrules: []\n", token + ": 1\n", "version: 1\nrules: []\n" + token + ": x\n", "{" + token, "\"" + token, "&" + token + " *" + token}
			for _, name := range fileVariables {
				for _, content := range contents {
					env := with(name, file(content))
					try(t, env, "check")
					if _, err := loadConfig(environOf(env)); err != nil {
						try(t, env, "serve")
					}
					try(t, env, "policy", "check")
				}
				try(t, with(name, token), "check")
				try(t, with(name, dir+"/"+token), "check")
			}
			for _, content := range contents {
				path := file(content)
				try(t, good, "policy", "check", path)
				try(t, good, "policy", "test", path)
				try(t, good, "policy", "explain", path, "--action", "reboot")
				try(t, good, "demo", "--policy", path)
			}
			for _, args := range [][]string{{token}, {"--" + token}, {"serve", token}, {"check", token}, {"policy", "check", token}, {"policy", "show", token},
				{"policy", "explain", "--action", token}, {"audit", "verify", "--head", token}, {"audit", "export", "--format", token},
				{"audit", "export", "--person", token}, {"audit", "export", "--since", token}, {"audit", "export", "--request", token, token},
				{"migrate", "--to", token}, {"demo", "--addr", token}, {"demo", "--policy", token}, {"factor", token}, {"factor", "enroll", token},
				{"factor", "remove", token}, {"audit", token}, {"policy", token}, {"version", token}} {
				if kind == "DigitalOcean token of old" && slices.Contains(args, "--head") {
					continue // it looks like the hash of a line, and is said to be none
				}
				try(t, good, args...)
			}
		})
	}
}

func environOf(env map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(env)) {
		out = append(out, k+"="+env[k])
	}
	return out
}
