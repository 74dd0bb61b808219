package api

import "time"

// ArgError is what is wrong with one argument, as a sentence for the person.
type ArgError struct {
	Param   string // the parameter's name; empty if it is not about one
	Message string
}

func (e *ArgError) Error() string { return e.Message }

// Complete checks arguments and fills in what was left out. See [ArgError].
func (a *Action) Complete(args Args, d Droplet, now time.Time) (Args, error) {
	return args, nil
}

// Usage is how it is typed: "rebuild <target> <image>".
func (a *Action) Usage() string { return a.Verb() + " <target>" }
