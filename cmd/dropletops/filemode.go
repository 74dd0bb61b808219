package main

import (
	"fmt"
	"os"

	"dropletops/internal/store"
)

// fileModes returns what other users of this machine can do with the file behind a
// setting and should not be able to: read a secret or the database, or change the
// policy. It returns "" where all is well, or where there is no file.
func (c *config) fileModes(setting string) string {
	if setting == "DATABASE_URL" {
		if path, mode := store.ReadableFile(c.DatabaseURL); path != "" {
			return fmt.Sprintf("other users of this machine have access to %s (mode %04o): chmod 600 %[1]s", path, mode)
		}
		return ""
	}
	if setting == "POLICY_FILE" {
		if mode := modeOf(c.PolicyFile); mode&0o022 != 0 {
			return fmt.Sprintf("other users of this machine can change it (mode %04o): chmod go-w %s", mode, c.PolicyFile)
		}
		return ""
	}
	files := map[string][]string{
		"SLACK_APP_TOKEN": {c.SlackAppTokenFile}, "SLACK_BOT_TOKEN": {c.SlackBotTokenFile},
		"DIGITALOCEAN_TOKEN": {c.TokenFile, c.AccessTokenFile}, "SECOND_FACTOR_KEY": {c.Factor.KeyFile, c.Factor.KeyOldFile},
	}
	for _, file := range files[setting] {
		if mode := modeOf(file); mode&0o077 != 0 {
			return fmt.Sprintf("other users of this machine have access to its file %s (mode %04o): chmod 600 %[1]s", file, mode)
		}
	}
	return ""
}

// modeOf returns the permissions of a file, 0 where there is none.
func modeOf(path string) os.FileMode {
	info, err := os.Stat(path)
	if path == "" || err != nil {
		return 0
	}
	return info.Mode().Perm()
}
