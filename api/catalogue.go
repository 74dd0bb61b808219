package api

import "strings"

// Catalogue lists every action, in the order of the help.
func Catalogue() []*Action { return nil }

// Lookup finds an action by its type or its verb, in any case: power_cycle or power-cycle.
func Lookup(typ string) (*Action, bool) {
	typ = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(typ)), "-", "_")
	for _, a := range Catalogue() {
		if a.Type == typ {
			return a, true
		}
	}
	return nil, false
}

// Verb is what people type: power-cycle.
func (a *Action) Verb() string { return strings.ReplaceAll(a.Type, "_", "-") }

// ImageParam answers the parameter that names an image or a backup, if there is one.
func (a *Action) ImageParam() (Param, bool) {
	for _, p := range a.Params {
		if p.Kind == Base || p.Kind == Backup {
			return p, true
		}
	}
	return Param{}, false
}
