package factor

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// keySize is AES-256's, in bytes.
const keySize = 32

// Key seals secrets with AES-256-GCM.
type Key struct {
	id   string
	aead cipher.AEAD
}

// ParseKey reads a key of 32 bytes, in hex or base64.
func ParseKey(text string) (*Key, error) {
	raw, err := decodeKey(strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	if bytes.Count(raw, raw[:1]) == keySize {
		return nil, errors.New("it is one byte over and over: make one with `openssl rand -base64 32`")
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	// The ID tells keys apart and nothing about them: the key is random, and its
	// hash is cut.
	sum := sha256.Sum256(append([]byte("dropletops second factor key\n"), raw...))
	return &Key{id: hex.EncodeToString(sum[:4]), aead: aead}, nil
}

func decodeKey(text string) ([]byte, error) {
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == keySize {
		return raw, nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if raw, err := enc.Strict().DecodeString(text); err == nil && len(raw) == keySize {
			return raw, nil
		}
	}
	return nil, errors.New("it is not 32 bytes in base64 or hex: make one with `openssl rand -base64 32`")
}

// ID names the key without telling it.
func (k *Key) ID() string { return k.id }

// String is the ID, so that no %v prints what is inside.
func (k *Key) String() string { return k.id }

// GoString is the ID too, for %#v.
func (k *Key) GoString() string { return k.id }

// seal encrypts a person's secret. That it is theirs is sealed with it: in
// another one's row it does not open.
func (k *Key) seal(userID string, secret []byte) []byte {
	return k.aead.Seal(nil, nil, secret, []byte(userID))
}

func (k *Key) open(userID string, sealed []byte) ([]byte, error) {
	return k.aead.Open(nil, nil, sealed, []byte(userID))
}

// Keys are what secrets are sealed under: Current, and Old while some may still
// be sealed under it. Both may be nil.
type Keys struct{ Current, Old *Key }

// byID answers the key that has an ID, nil if neither has.
func (k Keys) byID(id string) *Key {
	for _, key := range []*Key{k.Current, k.Old} {
		if key != nil && key.id == id {
			return key
		}
	}
	return nil
}

// open answers a person's secret. It answers a [SetupError] where the key is missing.
func (k Keys) open(userID, keyID string, sealed []byte) ([]byte, error) {
	if k.Current == nil {
		return nil, missingKey("%s has a second factor", userID)
	}
	key := k.byID(keyID)
	if key == nil {
		return nil, otherKey(userID, keyID, k.Current)
	}
	secret, err := key.open(userID, sealed)
	if err != nil {
		return nil, fmt.Errorf("the second factor of %s does not open under key %s: the row was changed; enroll them anew", userID, keyID)
	}
	return secret, nil
}

// SetupError says what is wrong with the key, naming its variable and how to set it.
type SetupError struct{ line string }

func (e *SetupError) Error() string { return e.line }

func missingKey(why string, args ...any) error {
	return &SetupError{"SECOND_FACTOR_KEY is not set, and " + fmt.Sprintf(why, args...) + ": set it to the key in use, or to a first one (`openssl rand -base64 32`) where nobody is enrolled"}
}

func otherKey(userID, keyID string, current *Key) error {
	return &SetupError{fmt.Sprintf("SECOND_FACTOR_KEY is key %s, and the second factor of %s is sealed under key %s: "+
		"set that one, or set it as SECOND_FACTOR_KEY_OLD and run `dropletops factor rotate`", current, userID, keyID)}
}
