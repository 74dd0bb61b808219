package secret_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"dropletops/internal/secret"
)

func TestMaskAll(t *testing.T) {
	raw := sha256.Sum256([]byte("a key"))
	for _, token := range []string{
		"xapp-1-A0123-456-abcdef", "xoxb-123-456-AbCdEf", "xoxp-1-2-3-abc", "xoxe.xoxp-1-Mi0yLTE", "xoxe-1-My0x",
		"dop_v1_" + strings.Repeat("0a", 32), "doo_v1_abc", "dor_v1_abc", "DO00ABCDEFGHIJKLMNOP",
		base64.StdEncoding.EncodeToString(raw[:]), base64.URLEncoding.EncodeToString(raw[:]),
		base64.RawURLEncoding.EncodeToString(raw[:]), hex.EncodeToString(raw[:]),
	} {
		for _, text := range []string{token, "open " + token + ": no such file", `LOG_LEVEL is "` + token + `": set it`,
			"POLICY_FILE: " + token + ":1:1: key=" + token + "\n", "sqlite:" + token, "https://" + token + "/api/"} {
			got := secret.MaskAll(text)
			// What is left of a token may be its beginning, which says what kind it is.
			if strings.Contains(got, token) || strings.Contains(got, token[len(token)-3:]) || !strings.Contains(got, secret.Masked) {
				t.Errorf("%q became %q", text, got)
			}
		}
	}
	if got := secret.Mask("postgres://bot:secret@db.example/x"); got != "postgres://bot:(withheld)@db.example/x" {
		t.Error(got)
	}
	for _, plain := range []string{
		"", "xoxb", "a begin with xoxb- (your Slack app)", "it must begin with xapp- (see)", "dop_v1_", "/srv/dropletops/config/production/policy.yml",
		"/srv/dropletops/config/production/policyxx", "/tmp/TestMisplacedSecretsAreNotPrinted3019170851/001", "the policy v1 3f9a1c0b52d7e846", "https://slack.com/api/", "postgres://USER@HOST/DATABASE",
		"https://cloud.digitalocean.com/account/api/tokens", strings.Repeat("=", 80),
	} {
		if got := secret.MaskAll(plain); got != plain {
			t.Errorf("%q became %q", plain, got)
		}
	}
}
