package handlers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"dropletops/api"
	"dropletops/internal/card"
)

// byID puts IDs in the place of the names of SSH keys, VPCs and volumes, so that what
// is decided on is what is sent, and answers what each is called.
func (h *Handler) byID(ctx context.Context, a *api.Action, args api.Args) (called map[string]string, err error) {
	for _, p := range a.Params {
		typed := args[p.Name]
		if typed == "" || !p.Kind.Asset() {
			continue
		}
		found, err := h.assets(ctx, p, typed, args["region"])
		if err != nil {
			return nil, at(card.Arg+p.Name, err)
		}
		var ids []string
		for _, one := range found {
			ids = append(ids, one.ID)
			if called == nil {
				called = map[string]string{}
			}
			if name := cmp.Or(one.Name, one.Also); name != "" {
				called[one.ID] = name
			}
		}
		args[p.Name] = strings.Join(ids, ",")
	}
	return called, nil
}

// assets finds what was typed for a parameter, each once, in the order in which it was
// typed. Where the token may not list them, IDs are taken as they are.
func (h *Handler) assets(ctx context.Context, p api.Param, typed, region string) ([]api.Asset, error) {
	words := []string{typed}
	if p.Kind.Several() {
		words = strings.Split(typed, ",")
	}
	all, err := h.Life.Assets(ctx, p.Kind)
	notAnID := func(s string) bool { return !api.IsAssetID(p.Kind, s) }
	switch {
	case api.KindOf(err) == api.Forbidden && !slices.ContainsFunc(words, notAnID):
		h.Log.Warn("these can't be listed, so they are taken as they were typed", "param", p.Name, "error", err)
		var out []api.Asset
		for _, id := range words {
			out = append(out, api.Asset{ID: id})
		}
		return out, nil
	case err != nil:
		return nil, lookedUp(err)
	}
	var out []api.Asset
	take := func(found ...api.Asset) {
		for _, one := range found {
			if !slices.ContainsFunc(out, func(had api.Asset) bool { return had.ID == one.ID }) {
				out = append(out, one)
			}
		}
	}
	for _, word := range words {
		if p.Kind == api.Keys && strings.EqualFold(word, api.AllKeys) {
			if len(all) == 0 {
				return nil, mistake("The account has no SSH keys: leave " + code(p.Flagged()) + " out.")
			}
			take(all...)
			continue
		}
		one, err := pickAsset(p, all, word, region)
		if err != nil {
			return nil, err
		}
		take(one)
	}
	return out, nil
}

// pickAsset is the one that a word names: by its ID, or by a name that no other has
// there. An ID goes before a name, and a name as it is written before one in other
// capitals.
func pickAsset(p api.Param, all []api.Asset, word, region string) (api.Asset, error) {
	here := func(a api.Asset) bool { return a.Region == "" || a.Region == region }
	var found []api.Asset
	for _, names := range []func(api.Asset) bool{
		func(a api.Asset) bool {
			return strings.EqualFold(a.ID, word) || a.Also != "" && strings.EqualFold(a.Also, word)
		},
		func(a api.Asset) bool { return a.Name == word && here(a) },
		func(a api.Asset) bool { return strings.EqualFold(a.Name, word) && here(a) },
		func(a api.Asset) bool { return strings.EqualFold(a.Name, word) },
	} {
		for _, a := range all {
			if names(a) {
				found = append(found, a)
			}
		}
		if len(found) > 0 {
			break
		}
	}
	switch {
	case len(found) == 0:
		return api.Asset{}, noAsset(p, all, word, region)
	case !here(found[0]):
		return api.Asset{}, mistake(fmt.Sprintf("The %s %s is in %s, and what is created would be in %s.", p.Kind, code(word), code(found[0].Region), code(region)))
	case len(found) > 1:
		var ids []string
		for _, a := range found {
			ids = append(ids, a.ID+" ("+a.Note+")")
		}
		return api.Asset{}, mistake(fmt.Sprintf("%d have the name %s: say which by its ID: %s.", len(found), code(word), codes(ids)))
	case found[0].On != 0:
		return api.Asset{}, mistake(fmt.Sprintf("The %s %s is attached to Droplet `%d`: it must be free.", p.Kind, code(word), found[0].On))
	}
	return found[0], nil
}

// noAsset says that the account has none of that name there, and which it has.
func noAsset(p api.Param, all []api.Asset, word, region string) error {
	var names []string
	for _, a := range all {
		if a.On == 0 && (a.Region == "" || a.Region == region) {
			names = append(names, a.Name)
		}
	}
	s := fmt.Sprintf("The account has no %s %s", p.Kind, code(word))
	if near := api.Nearest(word, names); len(near) > 0 {
		return mistake(s + ". Did you mean " + codes(near) + "?")
	}
	if len(names) == 0 {
		return mistake(s + ".")
	}
	return mistake(s + ". It has " + codes(names[:min(len(names), listed)]) + ".")
}
