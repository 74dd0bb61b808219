package card

import (
	"strings"
	"unicode"

	"dropletops/api"
	"dropletops/approvals"
)

// ShowsScript says whether a card can show all of a script.
func ShowsScript(s string) bool {
	size := 0
	for _, block := range scriptBlocks(s) {
		size += length(block)
	}
	return size <= maxScript
}

// scripts are what is run on a Droplet, for whoever has to approve it, and as long as
// they have to: all of it, since nobody approves what does not stand there. To others,
// and afterwards, it is not shown, since it may hold secrets.
func scripts(r *approvals.Request) (out []string) {
	a, ok := api.Lookup(r.Action.Type)
	if !ok || r.State != approvals.Pending || r.Verdict.Outcome != approvals.Approve {
		return nil
	}
	for _, p := range a.Params {
		if v := r.Action.Args[p.Name]; p.Kind == api.Script && v != "" {
			out = append(out, scriptBlocks(v)...)
		}
	}
	return out
}

// scriptBlocks are a script in blocks of code, each of which a section can hold.
func scriptBlocks(s string) (out []string) {
	const fence = "```"
	var b strings.Builder
	size := 0
	flush := func() {
		if size > 0 {
			out = append(out, fence+"\n"+b.String()+"\n"+fence)
		}
		b.Reset()
		size = 0
	}
	for _, c := range s {
		is := string(c)
		switch {
		case c == '\n' || c == '\t':
		case c == '`':
			is = string(lookalikes[c]) // three of them would end the block
		case unicode.IsSpace(c):
			is = " "
		default:
			is = entities.Replace(clean(is))
		}
		if size += length(is); size > maxSection-100 {
			flush()
			size = length(is)
		}
		b.WriteString(is)
	}
	flush()
	return out
}
