package main

import (
	"io"

	"github.com/caarlos0/env/v11"

	"dropletops/internal/factor"
)

// factorVars are the variables of the second factor's keys.
type factorVars struct {
	Key        string `env:"SECOND_FACTOR_KEY"`
	KeyFile    string `env:"SECOND_FACTOR_KEY_FILE"`
	KeyOld     string `env:"SECOND_FACTOR_KEY_OLD"`
	KeyOldFile string `env:"SECOND_FACTOR_KEY_OLD_FILE"`
}

// factorKeys reads the keys. None is needed unless somebody is enrolled, or the
// policy asks: the database and the policy tell.
func (p *problems) factorKeys(v *factorVars) factor.Keys {
	v.Key = p.token("SECOND_FACTOR_KEY", v.Key, v.KeyFile)
	v.KeyOld = p.token("SECOND_FACTOR_KEY_OLD", v.KeyOld, v.KeyOldFile)
	if v.KeyOld != "" && v.Key == "" && !p.names("SECOND_FACTOR_KEY") {
		p.add("SECOND_FACTOR_KEY is not set, and SECOND_FACTOR_KEY_OLD is: set it to the new key (`openssl rand -base64 32`), or leave both unset")
	}
	return factor.Keys{Current: p.factorKey("SECOND_FACTOR_KEY", v.Key), Old: p.factorKey("SECOND_FACTOR_KEY_OLD", v.KeyOld)}
}

func (p *problems) factorKey(name, text string) *factor.Key {
	if text == "" {
		return nil
	}
	k, err := factor.ParseKey(text)
	if err != nil {
		p.add("%s is no key: %v", name, err)
	}
	return k
}

// factorKeys reads the keys from the environment alone, for the commands that need
// no token.
func (p program) factorKeys(stderr io.Writer) (factor.Keys, error) {
	var v factorVars
	if err := env.ParseWithOptions(&v, env.Options{Environment: env.ToMap(p.environ)}); err != nil {
		return factor.Keys{}, err
	}
	var wrong problems
	keys := wrong.factorKeys(&v)
	if len(wrong) == 0 {
		return keys, nil
	}
	return factor.Keys{}, wrong.report(stderr)
}
