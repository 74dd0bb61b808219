package factor

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// raw is a key of 32 different bytes that begin with b.
func raw(b byte) []byte {
	out := make([]byte, keySize)
	for i := range out {
		out[i] = b + byte(i)
	}
	return out
}

func mustKey(t *testing.T, b byte) *Key {
	t.Helper()
	k, err := ParseKey(hex.EncodeToString(raw(b)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestParseKey(t *testing.T) {
	want := mustKey(t, 250).ID()
	for _, text := range []string{
		base64.StdEncoding.EncodeToString(raw(250)), base64.RawStdEncoding.EncodeToString(raw(250)), base64.URLEncoding.EncodeToString(raw(250)),
		base64.RawURLEncoding.EncodeToString(raw(250)), strings.ToUpper(hex.EncodeToString(raw(250))), " " + hex.EncodeToString(raw(250)) + "\n",
	} {
		if k, err := ParseKey(text); err != nil || k.ID() != want {
			t.Errorf("%q: %v, %v, want %s", text, k, err, want)
		}
	}
	for _, text := range []string{"", "hunter2", hex.EncodeToString(raw(1)[:31]), base64.StdEncoding.EncodeToString(append(raw(1), 1)), strings.Repeat("00", keySize), strings.Repeat("A", 43) + "="} {
		if k, err := ParseKey(text); err == nil || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v, %v", text, k, err)
		}
	}
	if mustKey(t, 1).ID() == mustKey(t, 2).ID() {
		t.Error("two keys have one ID")
	}
}

func TestSealed(t *testing.T) {
	k := Keys{Current: mustKey(t, 1), Old: mustKey(t, 2)}
	secret := []byte("12345678901234567890")
	for _, key := range []*Key{k.Current, k.Old} {
		sealed := key.seal("U0BOB", secret)
		if bytes.Contains(sealed, secret) || bytes.Equal(sealed, key.seal("U0BOB", secret)) {
			t.Error("it is not encrypted, or not with a nonce of its own")
		}
		if got, err := k.open("U0BOB", key.ID(), sealed); err != nil || !bytes.Equal(got, secret) {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := k.open("U0EVE", key.ID(), sealed); err == nil {
			t.Error("it opens in another's row")
		}
		for i := range sealed {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			if _, err := k.open("U0BOB", key.ID(), changed); err == nil {
				t.Errorf("it opens with byte %d changed", i)
			}
		}
		if _, err := k.open("U0BOB", key.ID(), nil); err == nil {
			t.Error("nothing opens")
		}
	}
	var wrong *SetupError
	if _, err := (Keys{Current: mustKey(t, 3)}).open("U0BOB", k.Current.ID(), k.Current.seal("U0BOB", secret)); !errors.As(err, &wrong) ||
		!strings.Contains(err.Error(), k.Current.ID()) || !strings.Contains(err.Error(), mustKey(t, 3).ID()) {
		t.Errorf("another key: %v", err)
	}
	if _, err := (Keys{}).open("U0BOB", k.Current.ID(), nil); !errors.As(err, &wrong) {
		t.Errorf("no key: %v", err)
	}
}

// Whatever prints a key or a secret by mistake prints neither.
func TestNothingPrintsThem(t *testing.T) {
	s, err := NewSecret("U0BOB")
	if err != nil {
		t.Fatal(err)
	}
	k := Keys{Current: mustKey(t, 'A')}
	for _, verb := range []string{"%v", "%+v", "%s", "%#v", "%q"} {
		if out := fmt.Sprintf(verb+verb+verb, s, k.Current, k); strings.Contains(out, s.key.Secret()) || strings.Contains(out, string(raw('A'))[:8]) {
			t.Errorf("%s prints %s", verb, out)
		}
	}
}
